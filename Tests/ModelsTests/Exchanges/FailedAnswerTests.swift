import NIOCore
import Testing

@testable import OstiaryModels

@Suite struct FailedAnswerTests {
    @Test func keepsTheBeginningOfALongText() {
        let text = ByteBuffer(string: String(repeating: "x", count: 3000))
        #expect(FailedAnswer.beginning(of: text, 2048).readableBytes == 2048)
        #expect(FailedAnswer.beginning(of: text, 3000) == text)
    }

    @Test func cutsNoCharacterInTwo() {
        let text = ByteBuffer(string: "añ€😀z")
        let kept = (0...11).map { String(buffer: FailedAnswer.beginning(of: text, $0)) }
        #expect(
            kept == ["", "a", "a", "añ", "añ", "añ", "añ€", "añ€", "añ€", "añ€", "añ€😀", "añ€😀z"]
        )
    }
}
