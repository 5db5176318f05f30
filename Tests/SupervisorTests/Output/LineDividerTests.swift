import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiarySupervisor

@Suite struct LineDividerTests {
    private func secret(_ value: String) throws -> ChildSecret { try RealChild.secret("KEY", .variable, value) }

    @Test func `a secret that comes in any two pieces is found`() throws {
        let text = Array("say sk-canary-9 twice: sk-canary-9sk-canary-9\nend".utf8)
        for border in 0...text.count {
            var divider = LineDivider(Scrubber([try secret("sk-canary-9")]))
            let lines = divider.take(text[..<border]) + divider.take(text[border...]) + divider.finish()
            let said = lines.map { String(decoding: $0.bytes, as: UTF8.self) }
            #expect(said == ["say ‹secret› twice: ‹secret›‹secret›", "end"])
        }
    }

    @Test func `a secret across the border of a line that is too long is found, wherever the border falls`() throws {
        for place in LineDivider.limit - 24...LineDivider.limit + 4 {
            var divider = LineDivider(Scrubber([try secret("sk-canary-9")]))
            let text =
                [UInt8](repeating: 0x61, count: place) + Array("sk-canary-9".utf8)
                + [UInt8](repeating: 0x62, count: 20_000)
            let lines = divider.take(text) + divider.finish()
            let all = String(decoding: lines.flatMap(\.bytes), as: UTF8.self)
            #expect(!all.contains("canary") && all.contains("‹secret›"), "at \(place)")
            #expect(lines.allSatisfy { $0.bytes.count <= LineDivider.limit })
            #expect(lines.last?.isCut == false && lines.dropLast().allSatisfy(\.isCut))
        }
    }

    @Test func `the ring keeps the last two hundred lines without control characters`() {
        let ring = OutputRing()
        for number in 0..<450 { ring.append(Array("\u{1b}[2Jline \(number)\r".utf8)) }
        #expect(ring.lines.count == 200)
        #expect(ring.lines.first == "\u{fffd}[2Jline 250" && ring.lines.last == "\u{fffd}[2Jline 449")
    }
}
