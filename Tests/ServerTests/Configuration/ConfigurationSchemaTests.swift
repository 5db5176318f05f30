import Foundation
import OstiaryCore
import Testing

@testable import OstiaryServer

@Suite struct ConfigurationSchemaTests {
    @Test func theReferenceIsTheCommittedPage() throws {
        let path = "\(Kit.checkout)/docs/guide/configuration.md"
        if ProcessInfo.processInfo.environment["OSTIARY_UPDATE_GOLDEN"] == "1" {
            try Configuration.reference.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try Kit.text("docs/guide/configuration.md") == Configuration.reference)
    }

    @Test func theSchemaForEditorsIsTheCommittedFile() throws {
        let path = "\(Kit.checkout)/examples/ostiary.schema.json"
        let text = JSONText.pretty(Configuration.jsonSchema) + "\n"
        if ProcessInfo.processInfo.environment["OSTIARY_UPDATE_GOLDEN"] == "1" {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try Kit.text("examples/ostiary.schema.json") == text)
    }

    @Test func theSchemaIsJSONAndClosesEverySection() throws {
        let data = Data(JSONText.pretty(Configuration.jsonSchema).utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(root["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(root["additionalProperties"] as? Bool == false)
        let properties = try #require(root["properties"] as? [String: Any])
        #expect(
            Set(properties.keys) == [
                "listen", "admin", "identity", "providers", "vault", "daemon", "models", "limits", "shutdown",
                "journal",
            ]
        )
    }

    @Test func everyKeyHasHelpInTheCommandsVoice() {
        func look(_ fields: [Description]) {
            #expect(Set(fields.map(\.about.name)).count == fields.count)
            for field in fields {
                #expect(!field.about.help.isEmpty)
                #expect(field.about.help.last != ".", "\(field.about.name)")
                switch field.content {
                case .value, .list: break
                case .section(let inner), .entries(let inner, _), .table(_, _, let inner, _),
                    .either(_, _, let inner, _):
                    look(inner)
                }
            }
        }
        look(Configuration.schema.described(Configuration()))
    }

    /// Every default, written into a file as the reference shows it, is read back as itself.
    @Test func everyDefaultIsAValueOfItsKey() throws {
        func lines(_ fields: [Description], _ indent: String) -> String {
            fields.map { field in
                switch field.content {
                case .value, .list:
                    guard let shown = field.shown else { return "" }
                    return "\(indent)\(field.about.name): \(shown.isEmpty ? "\"\"" : shown)\n"
                case .section(let inner): return "\(indent)\(field.about.name):\n" + lines(inner, indent + "  ")
                case .entries(let inner, _):
                    let keys = "\(indent)    issuer: i\n\(indent)    jwks: https://i.example/k\n"
                    return "\(indent)\(field.about.name):\n\(indent)  -\n" + keys + lines(inner, indent + "    ")
                case .table, .either: return ""
                }
            }.joined()
        }
        let yaml = lines(Configuration.schema.described(Configuration()), "") + "providers: {a: {kind: echo}}\n"
        let full = try Kit.read(yaml)
        let least = try Kit.read(
            "identity: {jwt: [{issuer: i, jwks: \"https://i.example/k\"}]}\nproviders: {a: {kind: echo}}"
        )
        #expect(full == least)
        #expect(yaml.split(separator: "\n").count > 25)
    }

    /// A secret in the wrong place must not travel into a log.
    @Test func noFaultShowsAValue() {
        func look(_ fields: [Description], _ before: String, _ after: String) {
            for field in fields {
                for canary in ["canary", "\"can\\u0001ary\"", "[canary]", "{named: canary}"] {
                    let yaml = "\(before){\(field.about.name): \(canary)}\(after)"
                    for fault in Kit.faults(yaml) where !fault.contains("unknown key") {
                        #expect(!fault.contains("canary"), "\(yaml): \(fault)")
                    }
                }
                switch field.content {
                case .value, .list: break
                case .section(let inner), .either(_, _, let inner, nil):
                    look(inner, "\(before){\(field.about.name): ", "}\(after)")
                case .either(_, _, let inner, _): look(inner, "\(before){\(field.about.name): [", "]}\(after)")
                case .entries(let inner, _): look(inner, "\(before){\(field.about.name): [", "]}\(after)")
                case .table(_, _, let inner, _): look(inner, "\(before){\(field.about.name): {x: ", "}}\(after)")
                }
            }
        }
        look(Configuration.schema.described(Configuration()), "", "")
    }
}
