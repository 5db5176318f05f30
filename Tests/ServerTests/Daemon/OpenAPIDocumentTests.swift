import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct OpenAPIDocumentTests {
    @Test func `the document describes every call and nothing else`() throws {
        let paths = try #require(OpenAPIDocument.json.object?["paths"]?.object)
        var described: Set<String> = []
        for path in paths.members {
            for operation in path.value.object?.members ?? [] { described.insert("\(operation.name) \(path.name)") }
        }
        let calls = AdminRoutes.all.filter { !$0.isAlias }.map { "\($0.method.rawValue.lowercased()) \($0.path)" }
        #expect(described == Set(calls))
        #expect(calls.count == described.count, "a call is there twice")
    }

    @Test func `a call of an owner says so, and has the errors of every such call`() throws {
        let call = OpenAPIDocument.json.object?["paths"]?.object?["/credentials/{id}"]?.object?["get"]?.object
        #expect(call?["security"]?.array?.isEmpty == false)
        let statuses = Set(call?["responses"]?.object?.members.map(\.name) ?? [])
        #expect(statuses.isSuperset(of: ["200", "400", "401", "403", "404", "423", "429", "503"]))
        let open = OpenAPIDocument.json.object?["paths"]?.object?["/health"]?.object?["get"]?.object
        #expect(open?["security"]?.array?.isEmpty == true)
    }

    @Test func `every problem is one that some call may have, and is in the guide`() throws {
        let guide = try Kit.text("docs/guide/daemon.md")
        let general: Set<AdminProblem> = [
            .invalidRequest, .foreignHost, .foreignOrigin, .unauthorized, .insufficientScope, .notFound,
            .methodNotAllowed,
            .requestTimeout, .bodyTooLarge, .unsupportedMediaType, .invalidBody, .tooManyFailures, .internalError,
            .shuttingDown,
        ]
        let named = Set(AdminRoutes.all.flatMap(\.problems))
        for problem in AdminProblem.allCases {
            #expect(general.contains(problem) || named.contains(problem), "\(problem)")
            if ![.requestTimeout, .internalError].contains(problem) {
                #expect(guide.contains("`\(problem.entry.code)`"), "\(problem.entry.code)")
            }
        }
        for route in AdminRoutes.all where !route.isAlias && route.access != .anybody {
            let path = route.path.replacing("{id}", with: "ID")
            #expect(guide.contains(path), "\(path) is not in the guide")
        }
    }

    @Test func `shapes refuse what they do not show`() {
        let shape = Shape.object([.must("a", .whole(1...3), ""), .may("b", .either([.truth, .null]), "")])
        for (text, isGood) in [
            (#"{"a":1}"#, true), (#"{"a":3,"b":null}"#, true), (#"{"a":4}"#, false), (#"{"a":"1"}"#, false),
            ("{}", false),
            (#"{"a":1,"c":1}"#, false), (#"{"a":1,"b":"x"}"#, false), ("[]", false), (#"{"a":1.5}"#, false),
        ] {
            let value = try? JSONReader.read(Array(text.utf8).span)
            #expect((shape.fault(in: value ?? .null) == nil) == isGood, "\(text)")
        }
    }
}
