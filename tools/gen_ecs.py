#!/usr/bin/env python3
"""Generates C++ structs and their codecs from AWS service models.

  tools/gen_ecs.py                   models/*.json -> src/{ecs,aws}/generated/
  tools/gen_ecs.py --check           fails when regeneration would change a committed file
  tools/gen_ecs.py --import DIR      botocore/data -> models/*.json (trimmed), then generates

models/ssm-agent.json is ours: what amazon-ssm-agent calls and the public model leaves out, after the agent's source.

A service's operations are listed in SERVICES; every shape they reach is generated, in an order that needs no forward
declaration. Each struct has std::optional members and one function, members(), that names them on the wire; the codecs
(src/ecs/json_codec.h, src/aws/query_codec.h) are written once on top of it. What the script does not know (blobs,
recursive shapes, flattened lists, ...) stops it with a message.
"""

import argparse
import gzip
import json
import pathlib
import re
import sys
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclass
class Service:
    name: str  # models/<name>.json; namespace and file prefix
    source: str  # folder below botocore/data
    folder: str  # below src/
    namespace: str
    operations: list = field(default_factory=list)
    more: str = ""  # models/<more>.json: operations that are not in the public model, written by hand
    served: bool = False  # the control plane serves it: rules are generated, and JSON codecs whatever the protocol


SERVICES = [
    # All of ECS but what a control plane of ours refuses: daemons as resources of their own, Express Gateway services.
    Service("ecs", "ecs/2014-11-13", "ecs", "fl::ecs",
            ["CreateCluster", "DescribeClusters", "ListClusters", "DeleteCluster", "UpdateCluster",
             "UpdateClusterSettings", "PutClusterCapacityProviders",
             "CreateCapacityProvider", "DescribeCapacityProviders", "UpdateCapacityProvider", "DeleteCapacityProvider",
             "RegisterTaskDefinition", "DescribeTaskDefinition", "DeregisterTaskDefinition", "DeleteTaskDefinitions",
             "ListTaskDefinitions", "ListTaskDefinitionFamilies",
             "CreateService", "DescribeServices", "UpdateService", "DeleteService", "ListServices",
             "ListServicesByNamespace", "ListServiceDeployments", "DescribeServiceDeployments",
             "DescribeServiceRevisions", "StopServiceDeployment",
             "CreateTaskSet", "DescribeTaskSets", "UpdateTaskSet", "DeleteTaskSet", "UpdateServicePrimaryTaskSet",
             "RunTask", "StartTask", "StopTask", "DescribeTasks", "ListTasks", "ExecuteCommand",
             "GetTaskProtection", "UpdateTaskProtection",
             "RegisterContainerInstance", "DeregisterContainerInstance", "DescribeContainerInstances",
             "ListContainerInstances", "UpdateContainerInstancesState", "UpdateContainerAgent",
             "PutAttributes", "DeleteAttributes", "ListAttributes",
             "DiscoverPollEndpoint", "SubmitTaskStateChange", "SubmitContainerStateChange",
             "SubmitAttachmentStateChanges",
             "TagResource", "UntagResource", "ListTagsForResource",
             "ListAccountSettings", "PutAccountSetting", "PutAccountSettingDefault", "DeleteAccountSetting"],
            served=True),
    Service("ec2", "ec2/2016-11-15", "aws", "fl::aws::ec2", ["DescribeInstances"], served=True),
    Service("ssm", "ssm/2014-11-06", "aws", "fl::aws::ssm",
            ["DescribeInstanceInformation", "DeregisterManagedInstance", "CreateActivation", "DescribeActivations",
             "DeleteActivation"], more="ssm-agent", served=True),
    Service("sts", "sts/2011-06-15", "aws", "fl::aws::sts",
            ["AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"], served=True),
]

SCALARS = {"string": "std::string", "boolean": "bool", "integer": "int32_t", "long": "int64_t", "double": "double",
           "float": "double", "timestamp": "WallTime"}
KEYWORDS = {"and", "auto", "bool", "case", "class", "continue", "default", "delete", "do", "double", "enum", "export",
            "false", "float", "for", "if", "int", "long", "namespace", "new", "not", "operator", "or", "private",
            "protected", "public", "register", "return", "short", "signed", "static", "struct", "switch", "template",
            "this", "true", "typename", "union", "using", "virtual", "void", "volatile", "while"}


class Model:
    def __init__(self, service, document):
        self.service = service
        self.metadata = document["metadata"]
        self.operations = document["operations"]
        self.shapes = document["shapes"]
        self.protocol = {"json": "json", "query": "query", "ec2": "ec2"}[self.metadata["protocol"]]
        self.inputs = self.reachable("input")
        self.outputs = self.reachable("output")

    def targets(self, name):
        """Names of the shapes that `name` is made of."""
        shape = self.shapes[name]
        found = [shape[part]["shape"] for part in ("key", "value", "member") if part in shape]
        return found + [member["shape"] for member in shape.get("members", {}).values()]

    def reachable(self, *sides):
        """Shapes of the operations' `sides`, each after those it is made of."""
        order = []

        def visit(name, path):
            if name in path:
                sys.exit(f"{self.service.name}: shape {name} contains itself; the generator cannot do that yet")
            if name not in order:
                for target in self.targets(name):
                    visit(target, path + [name])
                order.append(name)

        for operation in self.operations.values():
            for side in sides:
                if side in operation:
                    visit(operation[side]["shape"], [])
        return order

    def is_struct(self, name):
        return self.shapes[name]["type"] == "structure" and not self.shapes[name].get("document")

    def structs(self):
        return [name for name in self.reachable("input", "output") if self.is_struct(name)]

    def cpp_type(self, name):
        shape = self.shapes[name]
        kind = shape["type"]
        if shape.get("document"):
            return "json::Value"
        if kind in SCALARS:
            return SCALARS[kind]
        if kind == "structure":
            return name
        if kind == "list" and not shape.get("flattened"):
            return f"std::vector<{self.cpp_type(shape['member']['shape'])}>"
        if kind == "map" and self.shapes[shape["key"]["shape"]]["type"] == "string":
            return f"std::map<std::string, {self.cpp_type(shape['value']['shape'])}>"
        sys.exit(f"{self.service.name}: shape {name} ({kind}) is of a kind the generator does not know yet")

    def wire_name(self, struct, member):
        """The member's name on the wire. The ec2 protocol has one for requests and one for answers."""
        spec = self.shapes[struct]["members"][member]
        name = spec.get("locationName", member)
        if self.protocol != "ec2":
            return name
        request = spec.get("queryName", name[0].upper() + name[1:])
        if struct in self.inputs and struct in self.outputs and request != name:
            sys.exit(f"{self.service.name}: {struct}.{member} is called {request} in requests and {name} in answers")
        return request if struct in self.inputs else name


def snake_case(name):
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return name + "_" if name in KEYWORDS else name


def head(model, *lines):
    return [f"// Generated by tools/gen_ecs.py from models/{model.service.name}.json; do not edit.",
            "// clang-format off", *lines]


def shapes_header(model):
    types = [model.cpp_type(member["shape"]) for struct in model.structs()
             for member in model.shapes[struct].get("members", {}).values()]
    uses = lambda text: any(text in type_name for type_name in types)
    out = head(model, "#pragma once", "")
    out += ["#include <cstdint>"] if uses("int") else []
    out += ["#include <map>"] if uses("std::map") else []
    out += ["#include <optional>", "#include <string>"]
    out += ["#include <vector>"] if uses("std::vector") else []
    base = (['#include "base/json.h"'] if uses("json::") else []) + (['#include "base/time.h"'] if uses("WallTime") else [])
    out += [""] + base if base else []
    out += ["", f"namespace {model.service.namespace} {{"]
    for struct in model.structs():
        out += ["", f"struct {struct} {{"]
        for member, spec in model.shapes[struct].get("members", {}).items():
            out.append(f"  std::optional<{model.cpp_type(spec['shape'])}> {snake_case(member)};")
        out += [f"  bool operator==(const {struct}&) const = default;", "};"]
    return out + ["", f"}}  // namespace {model.service.namespace}"]


def operations_header(model):
    service, meta = model.service, model.metadata
    out = head(model, "#pragma once", "", f'#include "{service.folder}/generated/{service.name}_shapes.h"',
               '#include "ecs/service_model.h"')
    out += ['#include "base/json.h"'] if has_json(model) else []
    out += ['#include "base/result.h"']
    if model.protocol != "json":
        out += ["", "namespace fl::aws {", "class QueryWriter;", "struct XmlElement;", "}"]
    if service.served:
        out += ["", "namespace fl::ecs {", "struct ShapeRules;", "}"]
    out += ["", f"namespace {service.namespace} {{", "", "inline constexpr ecs::ServiceModel kService{",
            f'    .id = "{meta["serviceId"]}",',
            f'    .endpoint_prefix = "{meta["endpointPrefix"]}",',
            f'    .signing_name = "{meta.get("signingName", meta["endpointPrefix"])}",',
            f'    .target_prefix = "{meta.get("targetPrefix", "")}",',
            f'    .api_version = "{meta["apiVersion"]}",',
            f'    .xml_namespace = "{meta.get("xmlNamespace", "")}",',
            f"    .protocol = ecs::WireProtocol::{model.protocol}}};", ""]
    for struct in model.structs() if has_json(model) else []:
        out += [f"json::Value encode(const {struct}& shape);",
                f"Result<> decode(const json::Value& value, {struct}& shape);"]
    if model.protocol != "json":
        for struct in model.structs():
            out += [f"void encode(const {struct}& shape, QueryWriter& writer);"] if struct in model.inputs else []
            out += [f"Result<> decode(const XmlElement& element, {struct}& shape);"] if struct in model.outputs else []
    out += ["", "// Name on the wire, service and shapes of each operation.", "namespace op {"]
    for name, operation in model.operations.items():
        wrapper = operation["output"].get("resultWrapper", "")
        signed = operation.get("authtype") != "none"
        out += [f"struct {name} {{",
                f"  using Request = {operation['input']['shape']};",
                f"  using Response = {operation['output']['shape']};",
                f"  static constexpr const ecs::ServiceModel& kService = {service.namespace}::kService;",
                f'  static constexpr std::string_view kName = "{name}";',
                f'  static constexpr std::string_view kResultElement = "{wrapper}";',
                f"  static constexpr bool kSigned = {'true' if signed else 'false'};"]
        out += ["  static const ecs::ShapeRules& input();", "  static const ecs::ShapeRules& output();"] if service.served else []
        out += ["};"]
    return out + ["}  // namespace op", "", f"}}  // namespace {service.namespace}"]


def text_header(model):
    """Answers as text. A header of its own: only the control plane's action table writes them."""
    service = model.service
    out = head(model, "#pragma once", "", f'#include "{service.folder}/generated/{service.name}_shapes.h"',
               "", f"namespace {service.namespace} {{", "",
               "// Append the shape's JSON, as json::to_text(encode(shape)) is.")
    out += [f"void append_json(std::string& out, const {struct}& shape);"
            for struct in model.structs() if struct in model.outputs]
    return out + ["", f"}}  // namespace {service.namespace}"]


CODEC_STRUCTS = 60  # a codec file's; more compile side by side


def codec_sources(model):
    """{file name's end: lines}; encode() and decode() of different structs need not share a file."""
    structs = model.structs()
    parts = [structs[at:at + CODEC_STRUCTS] for at in range(0, len(structs), CODEC_STRUCTS)]
    return {f"codec{'_' + str(number) if len(parts) > 1 else ''}.cc": codec_source(model, part)
            for number, part in enumerate(parts, 1)}


def codec_source(model, structs):
    service = model.service
    out = head(model, f'#include "{service.folder}/generated/{service.name}_operations.h"')
    out += ['#include "aws/query_codec.h"'] if model.protocol != "json" else []
    out += ['#include "ecs/json_codec.h"'] if has_json(model) else []
    out += [f'#include "{service.folder}/generated/{service.name}_text.h"', '#include "ecs/json_text.h"'] if has_text(model) else []
    out += ["", f"namespace {service.namespace} {{", "namespace {", "", "template <class S, class Shape>",
            "concept Is = std::same_as<std::remove_const_t<S>, Shape>;"]
    for struct in structs:
        members = model.shapes[struct].get("members", {})
        out += ["", f"template <Is<{struct}> S, class Visitor>"]
        if not members:
            out.append("void members(S&, Visitor&) {}")
            continue
        out.append("void members(S& s, Visitor& visit) {")
        out += [f'  visit("{model.wire_name(struct, member)}", s.{snake_case(member)});' for member in members]
        out.append("}")
    out += ["", "}  // namespace", ""]
    list_style = f"QueryStyle::{model.protocol}"
    for struct in structs:
        if has_json(model):
            out += [f"json::Value encode(const {struct}& shape) {{",
                    "  ecs::JsonWriter writer;", "  members(shape, writer);", "  return writer.take();", "}",
                    f"Result<> decode(const json::Value& value, {struct}& shape) {{",
                    "  ecs::JsonReader reader(value);", "  members(shape, reader);", "  return reader.take();", "}"]
        if has_text(model) and struct in model.outputs:
            out += [f"void append_json(std::string& out, const {struct}& shape) {{",
                    "  ecs::JsonTextWriter writer(out);", "  members(shape, writer);", "  writer.end();", "}"]
        if model.protocol == "json":
            continue
        if struct in model.inputs:
            out.append(f"void encode(const {struct}& shape, QueryWriter& writer) {{ members(shape, writer); }}")
        if struct in model.outputs:
            out += [f"Result<> decode(const XmlElement& element, {struct}& shape) {{",
                    f"  XmlReader reader(element, {list_style});", "  members(shape, reader);",
                    "  return reader.take();", "}"]
    return out + ["", f"}}  // namespace {service.namespace}"]


RULE_KINDS = {"string": "string", "boolean": "boolean", "integer": "integer", "long": "long_integer",
              "double": "number", "float": "number", "timestamp": "timestamp"}


def rules_source(model):
    """What the model demands of each operation's shapes, as constant tables."""
    service = model.service
    out = head(model, f'#include "{service.folder}/generated/{service.name}_operations.h"', '#include "ecs/shape_rules.h"',
               "", f"namespace {service.namespace} {{", "namespace {", "", "using ecs::MemberRules, ecs::ShapeRules;",
               "using Kind = ecs::ShapeKind;", "using Text = std::string_view;", "")
    out += [f"constexpr ShapeRules k_{kind}{{Kind::{kind}}};" for kind in sorted({*RULE_KINDS.values(), "any"} & {
        rule_name(model, name)[2:] for name in model.reachable("input", "output")})]
    for name in model.reachable("input", "output"):
        shape = model.shapes[name]
        kind = shape["type"]
        if kind == "string" and "enum" in shape:
            values = ", ".join(f'"{value}"' for value in shape["enum"])
            out += [f"constexpr Text k{name}Values[] = {{{values}}};",
                    f"constexpr ShapeRules k{name}{{.kind = Kind::string, .enumeration = k{name}Values}};"]
        elif kind in ("list", "map"):
            item = rule_name(model, shape["member" if kind == "list" else "value"]["shape"])
            out.append(f"constexpr ShapeRules k{name}{{.kind = Kind::{kind}, .item = &{item}}};")
        elif model.is_struct(name):
            members = shape.get("members", {})
            required = shape.get("required", [])
            if members:
                out.append(f"constexpr MemberRules k{name}Members[] = {{")
                out += [f'    {{"{model.wire_name(name, member)}", &{rule_name(model, spec["shape"])}'
                        f'{", true" if member in required else ""}}},' for member, spec in members.items()]
                out.append("};")
            out.append(f"constexpr ShapeRules k{name}{{.kind = Kind::structure"
                       f"{f', .members = k{name}Members' if members else ''}}};")
    out += ["", "}  // namespace", ""]
    for name, operation in model.operations.items():
        out += [f"const ShapeRules& op::{name}::{side}() {{ return {rule_name(model, operation[side]['shape'])}; }}"
                for side in ("input", "output")]
    return out + ["", f"}}  // namespace {service.namespace}"]


def rule_name(model, name):
    shape = model.shapes[name]
    if shape.get("document"):
        return "k_any"
    if shape["type"] in RULE_KINDS and "enum" not in shape:
        return "k_" + RULE_KINDS[shape["type"]]
    return "k" + name


def has_json(model):
    return model.protocol == "json" or model.service.served


def has_text(model):
    return model.service.served and model.protocol == "json"


def check_lists(model):
    """The XML codecs know one name for list items per protocol; anything else must not slip through."""
    for name in model.outputs if model.protocol != "json" else []:
        shape = model.shapes[name]
        want = {"ec2": "item", "query": "member"}[model.protocol]
        if shape["type"] == "list" and shape["member"].get("locationName", "member") != want:
            sys.exit(f"{model.service.name}: items of {name} are not called {want}")
        if shape["type"] == "map":
            sys.exit(f"{model.service.name}: {name} is a map; the XML codec cannot read maps yet")


def trimmed(service, data):
    """The service's model without documentation and without what its operations do not reach."""
    path = data / service.source / "service-2.json"
    text = path.read_text() if path.exists() else gzip.open(f"{path}.gz", "rt").read()
    document = json.loads(text)

    def undocumented(node):
        if isinstance(node, dict):
            return {key: undocumented(value) for key, value in node.items()
                    if key not in ("documentation", "documentationUrl") or isinstance(value, dict)}
        return [undocumented(item) for item in node] if isinstance(node, list) else node

    document = undocumented(document)
    document["operations"] = {name: document["operations"][name] for name in service.operations}
    model = Model(service, document)
    wanted = set(model.reachable("input", "output"))
    for operation in document["operations"].values():
        for error in operation.get("errors", []):
            wanted.add(error["shape"])
            wanted.update(model.targets(error["shape"]))
    shapes = {name: shape for name, shape in document["shapes"].items() if name in wanted}
    return {"metadata": document["metadata"], "operations": document["operations"], "shapes": shapes}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file would change")
    parser.add_argument("--import", dest="data", type=pathlib.Path, help="botocore's data folder")
    options = parser.parse_args()

    stale = []
    for service in SERVICES:
        model_path = ROOT / "models" / f"{service.name}.json"
        if options.data:
            model_path.write_text(json.dumps(trimmed(service, options.data), indent=1) + "\n")
        document = json.loads(model_path.read_text())
        if service.more:
            more = json.loads((ROOT / "models" / f"{service.more}.json").read_text())
            document["operations"] |= more["operations"]
            document["shapes"] |= more["shapes"]
        model = Model(service, document)
        check_lists(model)
        folder = ROOT / "src" / service.folder / "generated"
        files = {f"{service.name}_{suffix}": lines for suffix, lines in
                 {"shapes.h": shapes_header(model), "operations.h": operations_header(model),
                  **codec_sources(model), **({"rules.cc": rules_source(model)} if service.served else {}),
                  **({"text.h": text_header(model)} if has_text(model) else {})}.items()}
        for path in set(folder.glob(f"{service.name}_*")) - {folder / name for name in files}:
            stale.append(str(path.relative_to(ROOT)))
            if not options.check:
                path.unlink()
        for name, lines in files.items():
            path = folder / name
            text = "\n".join(lines) + "\n"
            if path.exists() and path.read_text() == text:
                continue
            stale.append(str(path.relative_to(ROOT)))
            if not options.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    if options.check and stale:
        sys.exit("out of date, run tools/gen_ecs.py: " + ", ".join(stale))


if __name__ == "__main__":
    main()
