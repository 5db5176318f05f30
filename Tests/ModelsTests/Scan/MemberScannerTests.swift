import Testing

@testable import OstiaryModels

/// What a scan says of a document: its findings, or why it was refused.
struct Scan: Equatable {
    var members: [MemberScanner.Member?] = []
    var error: ScanError?

    /// Scans `document` cut at these places.
    init(_ document: [UInt8], _ paths: MemberPaths, cuts: [Int] = [], reusing scanner: MemberScanner? = nil) {
        var scanner = scanner ?? MemberScanner(paths)
        do throws(ScanError) {
            var start = 0
            for end in cuts + [document.count] {
                try scanner.feed(document[start..<end].span)
                start = end
            }
            try scanner.finish()
            members = paths.targets.indices.map { scanner.member($0) }
        } catch {
            self.error = error
        }
    }
}

/// A small repeatable generator (SplitMix64).
struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

struct MemberScannerTests {
    static let paths = MemberPaths(
        ["model", "stream", "stream_options", "stream_options.include_usage", "a.b.c"],
        refusingOtherCase: true
    )

    static let good = [
        #"{}"#,
        #" { } "#,
        "\t{\r\n\"model\" : \"m\"\n}\n",
        #"{"model":"gpt","stream":true,"stream_options":{"include_usage":true,"x":[1,2,{"model":"y"}]}}"#,
        #"{"messages":[{"role":"user","content":"{\"model\":\"inner\"}"}],"model":"outer"}"#,
        #"{"mod\u0065l":"\u0067p\u0074 \ud83d\ude00 \" \\ \/ \b\f\n\r\t"}"#,
        #"{"a":{"b":{"c":-0.5e+10,"d":null},"e":[]},"z":[[],[[]],{},{"":0}]}"#,
        #"{"a":{"b":[{"c":1}],"b2":{"c":2}}}"#,
        #"{"model":["x",{"y":"z"}],"stream":null,"a":"text"}"#,
        #"{"n":[0,-0,1,10,0.0,1.25,1e5,1E-5,-1.5e+3,123456789012345678901234567890]}"#,
        #"{"t":[true,false,null],"u":"é ß 東京 😀 \u00e9 ￿ 𐀀 􏿿","model":"東京😀"}"#,
        #"{"streams":1,"modelx":2,"mode":3,"":4,"model":"","stream_options":false}"#,
    ]

    static let bad = [
        "", " ", "[]", "1", "\"x\"", "null", "\u{feff}{}", "{", "}", "{}}", "{} {}", "{}x", "{,}", "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{\"a\":[1,]}", "{\"a\":[,1]}",
        "{\"a\":[1 2]}", "{\"a\":[1}}", "{\"a\":{]}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}",
        "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":-}", "{\"a\":-x}", "{\"a\":1.e3}", "{\"a\":0x1}", "{\"a\":NaN}",
        "{\"a\":Infinity}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul", "{\"a\":truee}", "{\"a\":\"x}",
        "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800x\"}", "{\"a\":\"\\ud800\\n\"}",
        "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\ud800\\ud800\"}", "{\"\\udfff\":1}", "{\"a\":1/**/}",
        "{\"a\":1}\u{0}",
    ]

    static let badBytes: [[UInt8]] = [
        [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xe0, 0x9f, 0xbf], [0xe2, 0x82],
        [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80],
        [0xff], [0xfe], [0xe6, 0x9d, 0xb1, 0x80],
    ]

    @Test(arguments: good)
    func acceptsWhatIsStrictJSON(_ document: String) {
        #expect(StrictChecker.accepts(Array(document.utf8)))
        #expect(Scan(Array(document.utf8), Self.paths).error == nil)
    }

    @Test(arguments: bad)
    func refusesWhatIsNot(_ document: String) {
        #expect(!StrictChecker.accepts(Array(document.utf8)))
        #expect(Scan(Array(document.utf8), Self.paths).error != nil)
    }

    @Test(arguments: badBytes)
    func refusesBytesThatAreNotUTF8(_ bytes: [UInt8]) {
        for filler in ["", "aaaaaaa", "東"] {
            let head = Array("{\"a\":\"\(filler)".utf8)
            let document = head + bytes + Array("\"}".utf8)
            #expect(!StrictChecker.accepts(document))
            #expect(Scan(document, Self.paths).error?.reason == .invalidUTF8)
        }
    }

    @Test(arguments: good + bad)
    func neverMindsHowADocumentIsCut(_ document: String) {
        let bytes = Array(document.utf8)
        let whole = Scan(bytes, Self.paths)
        for first in 0...bytes.count {
            #expect(Scan(bytes, Self.paths, cuts: [first]) == whole)
            for second in first...bytes.count {
                if Scan(bytes, Self.paths, cuts: [first, second]) != whole {
                    Issue.record("cut at \(first) and \(second): \(document)")
                }
            }
        }
        #expect(Scan(bytes, Self.paths, cuts: Array(0..<bytes.count)) == whole)
    }

    @Test func ofWhatIsOnlyMeasuredThePlaceIsKnownAndNothingKept() throws {
        let paths = MemberPaths(
            ["usage"],
            measuring: ["choices.[].text", "delta", "delta.text"],
            refusingOtherCase: false
        )
        for cut in 1..<40 {
            let document = Array(#"{"choices":[{"text":"a\nb"},{"text":"no"}],"usage":1,"delta":"c"}"#.utf8)
            var scanner = MemberScanner(paths)
            for start in stride(from: 0, to: document.count, by: cut) {
                try scanner.feed(document[start..<min(start + cut, document.count)].span)
            }
            try scanner.finish()
            #expect(scanner.range(1).map { document[$0] }.map(Array.init) == Array(#""a\nb""#.utf8))
            #expect(scanner.range(2).map { document[$0] }.map(Array.init) == Array(#""c""#.utf8))
            #expect(scanner.range(3) == nil)
            #expect(scanner.member(1)?.raw == nil && scanner.member(1)?.text == nil)
            #expect(scanner.withText(1) { $0.count } == nil)
            #expect(scanner.member(0)?.raw == Array("1".utf8))
        }
    }

    @Test func agreesWithAnotherReaderOnDamagedDocuments() {
        var random = Repeatable(state: 1)
        // Names in other case and doubled names are this scanner's own rules, so the documents here want nothing.
        let none = MemberPaths([], refusingOtherCase: false)
        let alphabet = Array("{}[]:,\"\\ue0129.-+tfn ldD8\n".utf8) + [0x80, 0xc3, 0xa9, 0xe0, 0xed, 0xf0, 0xff, 0x00]
        var accepted = 0
        for round in 0..<12_000 {
            var bytes = Array(Self.good[round % Self.good.count].utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
                case 2: if bytes.count > 1 { bytes.remove(at: place) }
                default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let result = Scan(bytes, none, cuts: [cut])
            let expected = StrictChecker.accepts(bytes)
            if expected { accepted += 1 }
            if (result.error == nil) != expected {
                Issue.record("\(expected ? "refused" : "accepted") \(bytes): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(accepted > 500)
    }

    @Test func findsMembersWhereTheyLie() throws {
        let document =
            #"{"x":{"model":1}, "model" : "g\u0070t" ,"stream":true,"stream_options":{"include_usage":false}}"#
        let bytes = Array(document.utf8)
        let members = Scan(bytes, Self.paths).members
        let model = try #require(members[0])
        #expect(model.kind == .string)
        #expect(Array(bytes[model.range]) == Array(#""g\u0070t""#.utf8))
        #expect(model.raw == Array(#""g\u0070t""#.utf8))
        #expect(model.text == Array("gpt".utf8))
        #expect(members[1]?.kind == .true)
        #expect(members[2]?.kind == .object)
        #expect(try Array(bytes[#require(members[2]).range]) == Array(#"{"include_usage":false}"#.utf8))
        #expect(members[3]?.kind == .false)
        #expect(members[3]?.text == nil)
        #expect(members[4] == nil)
    }

    @Test func looksOnlyAlongThePath() {
        let members = Scan(Array(#"{"b":{"c":1},"a":{"c":2,"b":[{"c":3}]},"c":4}"#.utf8), Self.paths).members
        #expect(members[4] == nil)
        let found = Scan(Array(#"{"a":{"x":{"b":{"c":0}},"b":{"x":[1],"c":17}}}"#.utf8), Self.paths).members
        #expect(found[4]?.raw == Array("17".utf8))
    }

    @Test(arguments: [
        (#"{"model":"a","model":"b"}"#, "model"),
        (#"{"model":"a","mod\u0065l":"b"}"#, "model"),
        (#"{"stream_options":null,"stream_options":{}}"#, "stream_options"),
        (#"{"stream_options":{"include_usage":true,"x":1,"include_usage":false}}"#, "stream_options.include_usage"),
    ])
    func refusesAWantedMemberTwice(_ document: String, _ path: String) {
        #expect(Scan(Array(document.utf8), Self.paths).error?.reason == .duplicate(path))
    }

    @Test(arguments: [
        (#"{"Model":"b","model":"a"}"#, "model"), (#"{"MODEL":"b"}"#, "model"), (#"{"\u004dodel":"b"}"#, "model"),
        (#"{"ſtream":true}"#, "stream"), (#"{"\u017ftream":true}"#, "stream"),
        (#"{"stream_options":{"Include_Usage":true}}"#, "stream_options.include_usage"),
    ])
    func refusesAWantedNameInOtherCase(_ document: String, _ path: String) {
        #expect(Scan(Array(document.utf8), Self.paths).error?.reason == .otherCase(path))
        let lax = MemberPaths(["model", "stream", "stream_options.include_usage"], refusingOtherCase: false)
        #expect(Scan(Array(document.utf8), lax).error == nil)
    }

    @Test func allowsUnwantedMembersTwice() {
        #expect(Scan(Array(#"{"x":1,"x":2,"y":{"model":1,"model":2}}"#.utf8), Self.paths).error == nil)
    }

    @Test func allowsSixtyFourContainersAndNoMore() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((#"{"a":"# + String(repeating: "[", count: depth - 1)).utf8)
                + Array((String(repeating: "]", count: depth - 1) + "}").utf8)
        }
        #expect(Scan(nested(64), Self.paths).error == nil)
        #expect(Scan(nested(65), Self.paths).error == ScanError(.tooDeep, at: 5 + 63))
        let objects = String(repeating: #"{"x":"#, count: 64) + "1" + String(repeating: "}", count: 64)
        #expect(Scan(Array(objects.utf8), Self.paths).error == nil)
    }

    @Test func stopsAtTheFirstOfEndlessBrackets() {
        var scanner = MemberScanner(Self.paths)
        let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 16)
        #expect(throws: ScanError(.tooDeep, at: 5 + 63)) {
            try scanner.feed(Array(#"{"a":"#.utf8).span)
            try scanner.feed(brackets.span)
        }
        // And it stays refused.
        #expect(throws: ScanError(.tooDeep, at: 5 + 63)) { try scanner.feed(brackets.span) }
        #expect(throws: ScanError(.tooDeep, at: 5 + 63)) { try scanner.finish() }
    }

    @Test(arguments: [0, 1, 4093, 4094, 4095, 5000])
    func keepsSmallValuesOnly(_ length: Int) throws {
        let name = String(repeating: "m", count: length)
        let document = Array("{\"model\":\"\(name)\"}".utf8)
        for cuts in [[], [9], [10, 100 % document.count], [document.count - 2]] where cuts == cuts.sorted() {
            let model = try #require(Scan(document, Self.paths, cuts: cuts).members[0])
            #expect(model.range == 9..<document.count - 1)
            #expect((model.raw != nil) == (length + 2 <= MemberScanner.captureLimit))
            #expect(model.text?.count == (length + 2 <= MemberScanner.captureLimit ? length : nil))
        }
    }

    @Test func readsTheNextDocumentAfterAReset() {
        var scanner = MemberScanner(Self.paths)
        for document in Self.good + Self.bad {
            scanner.reset()
            #expect(
                Scan(Array(document.utf8), Self.paths, reusing: scanner) == Scan(Array(document.utf8), Self.paths)
            )
            try? scanner.feed(Array(document.utf8).span)
        }
    }

    @Test func namesTheByteOfTheFault() {
        #expect(Scan(Array(#"  [1]"#.utf8), Self.paths).error == ScanError(.notAnObject, at: 2))
        #expect(Scan(Array(#"{"a":1,}"#.utf8), Self.paths, cuts: [3]).error == ScanError(.malformed, at: 7))
        #expect(Scan(Array(#"{"a":"#.utf8), Self.paths).error == ScanError(.truncated, at: 5))
    }
}
