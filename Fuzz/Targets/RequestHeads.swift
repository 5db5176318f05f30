import NIOCore

@testable import OstiaryWire

/// A head's end is found wherever the bytes were cut; an accepted head frames its body as the naive reading does, and
/// what was understood of it, written again, is understood the same.
func fuzzRequestHead(_ bytes: [UInt8]) {
    guard let end = headEnd(bytes) else { return }
    let limits = RequestHead.Limits()
    guard let head = try? RequestHead(ByteBuffer(bytes: bytes[..<end]), limits: limits) else { return }
    var reader = RequestHeadReader()
    guard (try? reader.read(bytes.span.extracting(0..<end), limits: limits)) != nil else {
        demand(false, "RequestHead and its reader disagree")
        return
    }
    let lines = HeadLines(bytes[..<end])
    demand(lines.values("host").count == 1, "an accepted head has not one Host")
    demandFraming(lines, head.framing)
    demand(isSettled(head.pathBytes), "the path is not in its one form")
    demand(
        (try? RequestHeadReader.check(line: (lines.start + [0x0d, 0x0a]).span, limits: limits)) != nil,
        "the line of an accepted head is refused early"
    )

    var again = lines.start.prefix { $0 != 0x20 } + [0x20]
    again += head.pathBytes.readableBytesView
    if !head.query.isEmpty { again += [UInt8(ascii: "?")] + head.query }
    again += Array((head.isHTTP10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n").utf8)
    for line in reader.fields.lines {
        again += bytes[line.nameRange] + Array(": ".utf8) + bytes[line.value] + [0x0d, 0x0a]
    }
    again += [0x0d, 0x0a]
    guard let other = try? RequestHead(ByteBuffer(bytes: again), limits: limits) else {
        demand(false, "an accepted head is refused when it is written again")
        return
    }
    demand(
        head.method == other.method && head.isHTTP10 == other.isHTTP10 && head.framing == other.framing
            && head.keepsConnection == other.keepsConnection && head.expectsContinue == other.expectsContinue,
        "a head written again means something else"
    )
    demand(head.pathBytes == other.pathBytes && head.query == other.query, "a target written again is another")
    for name in FieldName.allCases where name != .other {
        let text = "\(name.text)"
        demand(head.value(name) == other.value(name), "\(text) changes when it is written again")
        demand(head.value(name) == lines.values(text).first, "\(text) is not what stands there")
    }
}

/// The end of the head that `bytes` begin with; `nil` where there is none.
func headEnd(_ bytes: [UInt8]) -> Int? {
    var finder = HeadEnd()
    let end = Result { try finder.find(bytes.span) }
    for cut in Cuts.of(bytes) {
        var other = HeadEnd()
        var found: Int?
        var isRefused = false
        for piece in cut where found == nil && !isRefused {
            do {
                found = try other.find(bytes.span.extracting(0..<piece.upperBound))
            } catch {
                isRefused = true
            }
        }
        switch end {
        case .success(let end):
            demand(!isRefused && found == end, "the head ends elsewhere when it is cut")
            demand(finder.firstLine == other.firstLine, "the first line ends elsewhere when it is cut")
        case .failure: demand(isRefused, "a head is refused only in one piece")
        }
    }
    if let first = finder.firstLine {
        _ = try? RequestHeadReader.check(line: bytes.span.extracting(0..<first), limits: .init())
    }
    return (try? end.get()) ?? nil
}

/// Demands the framing that RFC 9112 section 6.3 gives, and that there was but one way to read it.
func demandFraming(_ lines: HeadLines, _ framing: BodyFraming) {
    let codings = lines.values("transfer-encoding")
    let lengths = lines.values("content-length")
    demand(codings.count + lengths.count <= 1, "an accepted head frames its body twice")
    if let coding = codings.first {
        demand(String(decoding: coding, as: UTF8.self).lowercased() == "chunked", "an unknown coding is accepted")
        demand(framing == .chunked, "a chunked body is read as \(framing)")
    } else if let length = lengths.first {
        guard let count = Int(String(decoding: length, as: UTF8.self)) else {
            demand(false, "a length that is no number is accepted")
            return
        }
        demand(framing == (count == 0 ? .none : .length(count)), "a body of \(count) bytes is read as \(framing)")
    } else {
        demand(framing == .none || framing == .untilClose, "a body without framing is read as \(framing)")
    }
}
