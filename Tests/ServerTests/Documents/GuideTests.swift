import Foundation
import OstiaryCore
import Testing

@testable import OstiaryServer

// The tables of the guide are what the code says. OSTIARY_UPDATE_GOLDEN=1 writes them anew.
@Suite struct GuideTests {
    @Test func theErrorsPageListsTheCatalogue() throws {
        let rows = GateError.Code.allCases.map { code in
            let entry = code.entry
            let source = entry.source == .upstream ? "provider" : entry.source.rawValue
            let again =
                switch entry.retry {
                case .never: "never"
                case .safe: "safe"
                case .after(let seconds): "after \(seconds) s or more"
                }
            return "| `\(entry.name)` | \(entry.status) | \(source) | \(again) | \(entry.sentence) | \(entry.hint) |"
        }
        try expect("errors.md", toHave: rows, after: "| --- | --- | --- | --- | --- | --- |")
        for code in GateError.Code.allCases { #expect("\(code.entry.name)" == code.rawValue) }
    }

    @Test func theRoutesPageListsTheRoutes() throws {
        let rows = Routes.all.map { route in
            let methods = route.methods.flatMap { $0 == .get ? [.get, .head] : [$0] }.map(\.rawValue)
            let who =
                switch route.access {
                case .open: "anybody"
                case .assertion: "whoever brings an assertion that a trust rule believes"
                case .known(let kind): "a known caller with the scopes of `\(kind.rawValue)`"
                }
            return "| `\(route.path)` | \(methods.joined(separator: ", ")) | \(who) |"
        }
        try expect("routes.md", toHave: rows, after: "| --- | --- | --- |")
    }

    private func expect(_ page: String, toHave rows: [String], after line: String) throws {
        let path = "\(Kit.checkout)/docs/guide/\(page)"
        var lines = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(String.init)
        let start = try #require(lines.firstIndex(of: line)) + 1
        let end = lines[start...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
        if ProcessInfo.processInfo.environment["OSTIARY_UPDATE_GOLDEN"] == "1" {
            lines.replaceSubrange(start..<end, with: rows)
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            #expect(Array(lines[start..<end]) == rows)
        }
    }
}
