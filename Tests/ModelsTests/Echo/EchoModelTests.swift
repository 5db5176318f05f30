import OstiaryCore
import Testing

@testable import OstiaryModels

struct EchoModelTests {
    private func play(_ model: String, stream: Bool = false) -> EchoPlay {
        EchoPlay(#"{"model":"\#(model)","stream":\#(stream),"messages":[{"role":"user","content":"a b c d e"}]}"#)
    }

    @Test(arguments: EchoModel.names)
    func answersToEveryNameItLists(_ name: String) {
        #expect(EchoDirections(model: name) != nil)
        #expect(play(name).whole != nil)
    }

    @Test func waitsBetweenFrames() {
        #expect(play("echo").script.delay == 0)
        #expect(play("echo-slow-20ms", stream: true).script.delay == 0.02)
        #expect(play("echo-slow-1500ms").script.delay == 1.5)
    }

    @Test(arguments: [400, 401, 404, 418, 500, 503, 529])
    func failsWithTheStatusInItsName(_ status: Int) throws {
        for stream in [false, true] {
            let play = play("echo-fail-\(status)", stream: stream)
            #expect(play.whole?.status == status)
            #expect(try play.value()["error.type"]?.string == OpenAIErrorBody.type(status: status))
        }
    }

    @Test func limitsTheRateWithARetryAfter() throws {
        let whole = try #require(play("echo-429-2s").whole)
        #expect(whole.status == 429)
        #expect(whole.fields.contains(.init(name: "Retry-After", value: "2")))
        #expect(try play("echo-429-2s").value()["error.code"]?.string == "rate_limit_exceeded")
    }

    @Test func dropsAStreamAfterSomeFrames() throws {
        let all = try play("echo", stream: true).data()
        let stream = try #require(play("echo-drop-after-3", stream: true).stream)
        #expect(stream.ending == .dropped)
        #expect(stream.frames.count == 3)
        #expect(try play("echo-drop-after-0", stream: true).data().isEmpty)
        #expect(try play("echo-drop-after-99", stream: true).data().count == all.count)
    }

    @Test func dropsAWholeAnswerInTheMiddle() throws {
        let whole = try #require(play("echo-drop-after-3").whole)
        let cut = try #require(whole.cut)
        #expect(cut > 0 && cut < whole.body.count)
        #expect(play("echo").whole?.cut == nil)
    }

    @Test func takesSeveralDirections() {
        let script = play("echo-drop-after-2-slow-5ms", stream: true).script
        #expect(script.delay == 0.005)
        guard case .stream(let stream) = script.answer else { return #expect(Bool(false)) }
        #expect(stream.frames.count == 2)
    }

    @Test(arguments: [
        "echo-", "echo-x", "echo-fail", "echo-fail-200", "echo-fail-600", "echo-fail-5O3", "echo-slow-20",
        "echo-slow--1ms",
        "echo-slow-60001ms", "echo-slow-99999999999999999999ms", "echo-429-s", "echo-drop-3", "echo-drop-after-",
    ])
    func doesNotGuessAtDirections(_ name: String) throws {
        #expect(play(name).whole?.status == 404)
        #expect(try play(name).value()["error.code"]?.string == "model_not_found")
    }

    @Test(arguments: ["gpt-4o", "echoes", "Echo-fail-503", "my-echo-fail-503"])
    func otherNamesJustAnswer(_ name: String) {
        #expect(play(name).whole?.status == 200)
    }

    @Test func servesNoOtherPath() {
        #expect(EchoPlay(#"{"model":"echo"}"#, "/v1/images").whole?.status == 404)
    }

    @Test func framesAreTheSameWhoeverAsks() throws {
        let frames = try #require(play("echo", stream: true).stream).frames
        #expect(Array(frames) == (0..<frames.count).map { frames[$0] })
        #expect(frames[-1].isEmpty && frames[frames.count].isEmpty)
    }

    @Test(arguments: ["", " ", "a", " a", "a ", "a  b\n\nc", "日本語日本語日本語日本語日本語日本語", String(repeating: "x", count: 100)])
    func wordsJoinToTheText(_ text: String) {
        let words = EchoWords.split(text, most: .max)
        #expect(words.joined() == text)
        #expect(words.count == EchoWords.count(text))
        #expect(words.allSatisfy { $0.utf8.count <= 35 })
        #expect(EchoWords.pieces(text).joined() == text)
    }
}
