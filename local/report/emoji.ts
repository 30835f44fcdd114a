/** How a sign is drawn: white on a coloured ground, so that it is seen without an emoji font and in print. */
interface Sign {
  /** What a screen reader says, and what is copied. */
  label: string;
  color: string;
  /** Inside a box of 16 by 16. */
  drawing: string;
}

const stroke = 'fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';

const disc = (label: string, color: string): Sign => ({
  label,
  color,
  drawing: '<circle cx="8" cy="8" r="7"/>',
});
const tile = (label: string, color: string, path: string): Sign => ({
  label,
  color,
  drawing: `<rect x="1" y="1" width="14" height="14" rx="3.5"/><path ${stroke} d="${path}"/>`,
});

const [red, orange, blue, green, grey] = ['#d92d20', '#e8870e', '#2b6fd6', '#16885a', '#6b7482'];

const signs: Readonly<Record<string, Sign>> = {
  '🔴': disc('critical', red),
  '🟠': disc('warning', orange),
  '🔵': disc('information', blue),
  '✅': tile('resolved', green, 'M4.2 8.4l2.6 2.6 5-5.6'),
  '🔁': tile(
    'again',
    grey,
    'M4 7.2a4.2 4.2 0 0 1 7.4-1.4M12 4v2.4H9.6M12 8.8a4.2 4.2 0 0 1-7.4 1.4M4 12V9.6h2.4',
  ),
  '➕': tile('also', grey, 'M8 4.5v7M4.5 8h7'),
  '〰️': tile('comes and goes', orange, 'M3.4 8.8c1.5-2.6 3.1-2.6 4.6 0s3.1 2.6 4.6 0'),
  '🚨': tile('escalation', red, 'M8 3.8v5M8 11.8v.1'),
  '⏰': tile('reminder', orange, 'M8 4.2V8l2.6 1.6'),
};

/** Slack's names of the signs above: a bot may write either. */
const names: Readonly<Record<string, string>> = {
  red_circle: '🔴',
  large_orange_circle: '🟠',
  large_blue_circle: '🔵',
  white_check_mark: '✅',
  repeat: '🔁',
  heavy_plus_sign: '➕',
  wavy_dash: '〰️',
  rotating_light: '🚨',
  alarm_clock: '⏰',
};

const character = new RegExp(Object.keys(signs).join('|'), 'gu');

/** Text that is escaped already, with the signs of our messages drawn; what is no sign stays as it is. */
export const drawEmoji = (escaped: string): string =>
  escaped
    .replace(/:([a-z0-9_+-]+):/g, (whole, name: string) => names[name] ?? whole)
    .replace(character, (found) => {
      const sign = signs[found];
      return sign === undefined
        ? found
        : `<svg class="sign" viewBox="0 0 16 16" fill="${sign.color}" role="img" aria-label="${sign.label}">${sign.drawing}</svg>`;
    });
