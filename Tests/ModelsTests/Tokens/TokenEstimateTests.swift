import OstiaryCore
import Testing

@testable import OstiaryModels

// R16: everything counts that the model reads.
struct TokenEstimateTests {
    private func count(_ body: String) throws -> Int {
        TokenEstimate.input(of: try JSONReader.read(Array(body.utf8)))
    }

    private func messages(_ content: String, _ more: String = "") throws -> Int {
        try count(#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":\#(content)}]\#(more)}"#)
    }

    @Test(
        arguments: [
            ("", 0), ("hello", 1), ("hello there, world!", 5), ("internationalization", 5), ("12345678", 3),
            ("a\n\n\nb", 3), ("----------------", 2), ("grüße", 4), ("東京", 2),
            ("The quick brown fox jumps over the lazy dog.", 10),
        ]
    )
    func countsText(_ text: String, _ tokens: Int) {
        #expect(TokenEstimate.tokens(in: text) == tokens)
    }

    @Test(arguments: [
        #", "system":"You are a helpful assistant.""#, #", "system":[{"type":"text","text":"You are helpful."}]"#,
        #", "tools":[{"name":"weather","description":"Says the weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]"#,
    ])
    func countsWhatStandsBesideTheMessages(_ more: String) throws {
        #expect(try messages(#""hello""#, more) > messages(#""hello""#) + 3)
    }

    @Test(arguments: [
        #"[{"type":"text","text":"hello"},{"type":"tool_use","id":"t","name":"weather","input":{"city":"Rome","days":3}}]"#,
        #"[{"type":"text","text":"hello"},{"type":"tool_result","tool_use_id":"t","content":"It rains in Rome all day."}]"#,
        #"[{"type":"text","text":"hello"},{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"It rains in Rome."}]}]"#,
        #"[{"type":"text","text":"hello"},{"type":"thinking","thinking":"The user greets me, so I greet.","signature":"x"}]"#,
    ])
    func countsEveryKindOfBlock(_ content: String) throws {
        #expect(try messages(content) > messages(#"[{"type":"text","text":"hello"}]"#) + 5)
    }

    @Test func signaturesAndMarksCountForNothing() throws {
        let long = String(repeating: "abcdefghij", count: 200)
        let plain = try messages(#"[{"type":"thinking","thinking":"so","signature":"s"}]"#)
        let signed =
            #"[{"type":"thinking","thinking":"so","signature":"\#(long)","cache_control":{"type":"ephemeral"}}]"#
        #expect(try messages(signed) == plain)
        #expect(try messages(#""hello""#, #","metadata":{"user_id":"\#(long)"}"#) == messages(#""hello""#))
    }

    // A PNG's head: 1000 x 750 pixels.
    private static let png = "iVBORw0KGgoAAAANSUhEUgAAA+gAAALuCAIAAAA"

    @Test(arguments: [
        (#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"\#(png)"}}"#, 1000),
        (#"{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}"#, 1600),
        (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(png)"}}"#, 1000),
        (#"{"type":"input_image","image_url":"data:image/png;base64,\#(png)"}"#, 1000),
        (#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"!"}}"#, 1600),
    ])
    func countsImagesByTheirSize(_ block: String, _ tokens: Int) throws {
        let text = try messages("[]")
        #expect(abs(try messages("[\(block)]") - text - tokens) <= 5)
    }

    @Test func readsTheOtherAPIsToo() throws {
        let chat = try count(#"{"messages":[{"role":"user","content":"hello there"}],"tools":[]}"#)
        let responses = try count(#"{"instructions":"Be brief.","input":"hello there"}"#)
        #expect(chat > 2)
        #expect(responses > 2)
        #expect(try count("[]") == 1)
    }

    @Test(
        arguments: [
            ([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 1, 0, 0, 0, 0, 64], 256, 64),
            (Array("GIF89a".utf8) + [0x40, 0x01, 0xf0, 0x00], 320, 240),
            ([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 0, 100, 0, 200, 3], 200, 100),
            (
                Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8X".utf8) + [
                    10, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 49, 0, 0,
                ],
                100, 50
            ),
        ] as [([UInt8], Int, Int)]
    )
    func readsTheSizeOfAnImage(_ file: [UInt8], _ width: Int, _ height: Int) throws {
        let size = try #require(ImageSize(file))
        #expect(size.width == width)
        #expect(size.height == height)
        for end in file.indices { _ = ImageSize(Array(file[..<end])) }
    }
}
