import NIOCore
import OstiaryCore

@testable import OstiaryWire

/// An accepted answer frames its body as the naive reading does, and its fields copied under another status line are
/// understood the same.
func fuzzAnswerHead(_ bytes: [UInt8]) {
    guard let end = headEnd(bytes) else { return }
    for toHEAD in [false, true] {
        guard let head = try? AnswerHead(ByteBuffer(bytes: bytes[..<end]), toHEAD: toHEAD) else { continue }
        let lines = HeadLines(bytes[..<end])
        demand((100...599).contains(head.status), "an answer has the status \(head.status)")
        if toHEAD || head.status < 200 || head.status == 204 || head.status == 304 {
            demand(head.framing == .none, "an answer without a body has one")
        } else {
            demandFraming(lines, head.framing)
            demand(head.framing != .none || lines.values("content-length").count == 1, "an answer lost its body")
        }
        demand(!(head.keepsConnection && head.framing == .untilClose), "a connection outlives a body that ends it")

        var again = ByteWriter()
        again.writeStatusLine(head.status)
        head.copyFields(to: &again) { $0.text }
        again.writeStaticString("\r\n")
        guard let other = try? AnswerHead(ByteBuffer(bytes: again.bytes), toHEAD: toHEAD) else {
            demand(false, "an accepted answer is refused when it is written again")
            continue
        }
        demand(head.status == other.status && head.framing == other.framing, "an answer written again is another")
        for name in FieldName.allCases where name != .other {
            demand(head.valueBytes(name) == other.valueBytes(name), "\(name.text) changes when it is written again")
        }
    }
}
