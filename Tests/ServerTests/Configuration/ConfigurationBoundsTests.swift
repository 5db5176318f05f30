import OstiaryServer
import Testing

/// What a file can do to the reader: nothing but be refused.
@Suite struct ConfigurationBoundsTests {
    @Test func aFileOverOneMebibyteIsRefused() {
        let yaml = "# " + String(repeating: "x", count: 1 << 20)
        #expect(Kit.faults(yaml) == ["ostiary.yaml:1:1: the file is larger than 1 MiB"])
    }

    @Test func bytesThatAreNoTextAreRefused() {
        let faults = #expect(throws: Configuration.Faults.self) {
            try Configuration.read([0x61, 0xff], file: "a", surroundings: Kit.surroundings())
        }
        #expect(faults?.all.map(\.description) == ["a:1:1: the file is not valid UTF-8"])
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "]) func deepNestingIsRefused(_ opening: String) {
        let yaml = String(repeating: opening, count: 100_000)
        #expect(Kit.faults(yaml).count == 1)
    }

    @Test func aliasesOfAliasesStayCheap() {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(items)]\n"
        }
        let said = Kit.faults(yaml + "listen: *a20\nidentity: {jwt: *a20}\n")
        #expect(said.contains { $0.contains("`listen` must be a section") })
        #expect(said.count < 60)
    }

    @Test func tooManyFaultsAreCutOff() {
        let yaml = (0..<1000).map { "k\($0): 1\n" }.joined()
        #expect(Kit.faults(yaml).count == 100)
    }

    @Test func tooManyEntriesAreRefused() {
        let yaml = "providers:\n" + (0..<101).map { "  p\($0): {kind: echo}\n" }.joined()
        #expect(Kit.faults(yaml).contains { $0.contains("`providers` may have at most 100 entries") })
    }

    /// Whatever is done to the bytes of a good file, the answer is a configuration or faults with places in it.
    @Test func brokenFilesNeverTrap() throws {
        let good = Array(try Kit.text("examples/ostiary.yaml").utf8)
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        let pieces = [
            "{", "[", ":", "\n", "\t", "&a ", "*a", "<<: ", "!!x ", "\"", "'", "? ", "- ", "\u{0}", "|", "\u{e000}",
        ]
        for _ in 0..<1500 {
            var bytes = good
            for _ in 0...random(4) {
                let at = random(bytes.count)
                switch random(3) {
                case 0: bytes[at] = UInt8(random(256))
                case 1: bytes.insert(contentsOf: pieces[random(pieces.count)].utf8, at: at)
                default: bytes.removeSubrange(at..<min(bytes.count, at + random(40)))
                }
                if bytes.isEmpty { bytes = [0x61] }
            }
            do throws(Configuration.Faults) {
                _ = try Configuration.read(bytes, file: "a", surroundings: Kit.surroundings(["OPENAI_API_KEY": "k"]))
            } catch {
                #expect(!error.all.isEmpty)
            }
        }
    }
}
