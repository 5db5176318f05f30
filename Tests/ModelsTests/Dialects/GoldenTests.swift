import Foundation
import OstiaryCore
import Testing

@testable import OstiaryModels

/// Each file below `Golden/CLIENT-PROVIDER/` is one exchange; `make golden` writes what comes out anew.
@Suite struct GoldenTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden").path

    static let cases: [String] = {
        let pairs = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return pairs.flatMap { pair in
            ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(pair)")) ?? []).map { "\(pair)/\($0)" }
        }.sorted()
    }()

    @Test(arguments: cases) func goesAsWritten(_ name: String) throws {
        let path = "\(Self.folder)/\(name)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let pair = name.split(separator: "/")[0].split(separator: "-").map(String.init)
        let client = try #require(Exchange.Dialect(rawValue: pair[0]))
        let provider = try #require(Exchange.Dialect(rawValue: pair[1]))
        let golden = GoldenCase(text)
        let written = golden.text(golden.play(from: client, to: provider))
        if ProcessInfo.processInfo.environment["OSTIARY_UPDATE_GOLDEN"] == "1" {
            try written.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            #expect(written == text)
        }
    }

    @Test func thereAreCases() { #expect(Self.cases.count >= 30) }
}
