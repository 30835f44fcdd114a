"""Compares an answer's own bytes with the API's model: an SDK drops what it does not know, and so hides it."""

import json
import xml.etree.ElementTree as ElementTree

# EC2 sends these states in camel case though its model spells them otherwise:
# https://github.com/aws/aws-sdk-go-v2/issues/1730
UNRELIABLE_ENUMS = {"State"}
# dynalite answers for it, which has fields of its own.
UNCHECKED_SERVICES = {"dynamodb"}


def deviations(model, http_response):
    """What the answer to one operation has that the model has not, as sentences."""
    service = model.service_model.service_name
    has_payload = model.output_shape is not None and "payload" in model.output_shape.serialization
    if service in UNCHECKED_SERVICES or has_payload:
        return []
    content = http_response.content
    found = []
    protocol = model.service_model.metadata["protocol"]
    if protocol == "ec2":
        # An operation without output answers with `return`.
        ignored = ("requestId",) if model.output_shape else ("requestId", "return")
        children = [child for child in ElementTree.fromstring(content) if name_of(child) not in ignored]
        check_children(model.output_shape, children, model.name, found)
    elif protocol == "query":
        root = ElementTree.fromstring(content)
        if [name_of(child) for child in root] != [f"{model.name}Result", "ResponseMetadata"]:
            found.append(f"{model.name}: unexpected parts {[name_of(child) for child in root]}")
        check_children(model.output_shape, root[0], model.name, found)
    elif content.strip():
        check_json(model.output_shape, json.loads(content), model.name, found)
    return [f"{service}: {text}" for text in found]


def name_of(element):
    return element.tag.split("}")[-1]


def check_children(shape, children, where, found):
    if shape is None:
        found.extend(f"{where}: {name_of(child)} is not in the model" for child in children)
        return
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    for child in children:
        name = name_of(child)
        if name in members:
            check_element(members[name], child, f"{where}.{name}", found)
        else:
            found.append(f"{where}: {name} is not in the model")


def check_element(shape, element, where, found):
    if shape.type_name == "structure":
        check_children(shape, element, where, found)
    elif shape.type_name == "list":
        for child in element:
            if name_of(child) not in ("item", "member"):
                found.append(f"{where}: {name_of(child)} in a list")
            check_element(shape.member, child, f"{where}[]", found)
    elif shape.type_name == "map":
        found.extend(f"{where}: {name_of(child)} in a map" for child in element if name_of(child) != "entry")
    else:
        check_text(shape, element.text or "", where, found)


def check_text(shape, text, where, found):
    if shape.type_name in ("integer", "long"):
        if not text.lstrip("-").isdigit():
            found.append(f"{where}: {text!r} is no integer")
    elif shape.type_name == "boolean":
        if text not in ("true", "false"):
            found.append(f"{where}: {text!r} is no boolean")
    else:
        check_enum(shape, text, where, found)


def check_enum(shape, text, where, found):
    allowed = getattr(shape, "enum", None)
    if allowed and shape.name not in UNRELIABLE_ENUMS and text not in allowed:
        found.append(f"{where}: {text!r} is none of {allowed}")


JSON_TYPES = {
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "timestamp": (int, float),
    "structure": dict,
    "map": dict,
    "list": list,
}


def check_json(shape, value, where, found):
    if shape is None:
        if value:
            found.append(f"{where}: {value!r} is not in the model")
        return
    if not isinstance(value, JSON_TYPES[shape.type_name]):
        found.append(f"{where}: {value!r} is no {shape.type_name}")
    elif shape.type_name == "structure":
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name in shape.required_members:
            if name not in value:
                found.append(f"{where}: {name} is missing")
        for name, item in value.items():
            if name in members:
                check_json(members[name], item, f"{where}.{name}", found)
            else:
                found.append(f"{where}: {name} is not in the model")
    elif shape.type_name == "list":
        for item in value:
            check_json(shape.member, item, f"{where}[]", found)
    elif shape.type_name == "map":
        for key, item in value.items():
            check_json(shape.value, item, f"{where}[{key}]", found)
    elif shape.type_name == "string":
        check_enum(shape, value, where, found)
