import NIOCore
import OstiaryCore

@testable import OstiaryWire

/// An accepted path has, with everything in it decoded, no dot segment, no empty segment, and no character that hides
/// one (SEC-104); reading it again changes nothing.
func fuzzRequestTarget(_ bytes: [UInt8]) {
    guard let target = try? RequestTarget.read(bytes.span, 0..<bytes.count) else { return }
    let path = target.decodedPath ?? Array(bytes[target.path])
    demand(path.first == UInt8(ascii: "/"), "a path does not begin with a slash")
    demand(isSettled(ByteBuffer(bytes: path)), "the path is not in its one form")
    demand(!bytes[target.query].contains { $0 <= 0x20 || $0 >= 0x7f }, "the query holds a control character")

    let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    demand(!segments.dropLast().contains { $0.isEmpty }, "an accepted path has an empty segment")
    for segment in segments {
        let name = fullyDecoded(segment.prefix { $0 != UInt8(ascii: ";") })
        let whole = fullyDecoded(segment)
        demand(!name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8), "an accepted path has a dot segment")
        demand(
            !whole.contains { $0 < 0x20 || $0 >= 0x7f || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") },
            "an accepted path hides a slash, a backslash or a control character"
        )
    }
}

/// Whether a path that was accepted is its own one form.
func isSettled(_ path: ByteBuffer) -> Bool {
    let path = Array(path.readableBytesView)
    guard let again = try? RequestTarget.read(path.span, 0..<path.count) else { return false }
    return again.query.isEmpty && (again.decodedPath ?? Array(path[again.path])) == path
}

private func fullyDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let text = Array(text)
    var decoded: [UInt8] = []
    var index = 0
    while index < text.count {
        if text[index] == UInt8(ascii: "%"), index + 2 < text.count, let octet = Hex.decode(text[index + 1...index + 2])
        {
            decoded += octet
            index += 3
        } else {
            demand(text[index] != UInt8(ascii: "%"), "an accepted path has a broken escape")
            decoded.append(text[index])
            index += 1
        }
    }
    return decoded
}
