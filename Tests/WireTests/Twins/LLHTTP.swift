import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import OstiaryWire

/// The gate's reader of request heads beside llhttp, which SwiftNIO's decoder is made of: whatever is accepted here,
/// llhttp must accept with the same meaning, body and all. What may differ is listed.
enum LLHTTP {
    /// What became of a head in both.
    enum Verdict: Equatable, Sendable {
        /// Refused here; what llhttp makes of it does not matter.
        case refused
        case same
        case listed(Difference)
        /// They disagree, and nobody has said why they may.
        case different(String)
    }

    /// Why the two may disagree about a head that is accepted here.
    enum Difference: String, Sendable, CaseIterable {
        /// llhttp refuses methods that are not on its list, and reads a few by rules of their own (CONNECT, PRI). Here a
        /// method is any token; what no route serves is answered 405.
        case unknownMethod
        /// llhttp takes `Proxy-Connection` for `Connection`; here it means nothing (RFC 9112 appendix C.2.2).
        case proxyConnection
        /// llhttp refuses a tab behind `Content-Length` and `Transfer-Encoding`, where RFC 9110 section 5.6.3 allows one.
        case tabBehindFraming
        /// llhttp does not know an option of `Connection` with a tab behind it, where RFC 9110 section 5.6.3 allows one.
        case tabBehindOption
        /// llhttp stops behind a head that asks for another protocol. Here `Upgrade` is ignored, as RFC 9110 section
        /// 7.8 allows, and the body is read as any other.
        case upgrade
        /// llhttp keeps a connection of HTTP/1.0 that asks for it. Here it ends, which every client understands.
        case keptHTTP10
    }

    /// - Parameter bytes: what begins with a head; the rest is left out.
    static func compare(_ bytes: [UInt8]) -> Verdict {
        var finder = HeadEnd()
        guard let found = try? finder.find(bytes.span) else { return .refused }
        let bytes = Array(bytes[..<found])
        var reader = RequestHeadReader()
        guard (try? reader.read(bytes.span, limits: RequestHead.Limits())) != nil else { return .refused }

        let ours = Reading(reader, bytes)
        let body = Self.body(ours.framing)
        // Behind a message that ends its connection nothing may follow.
        let follows = ours.keeps && body != nil
        let second = follows ? Array("GET /second HTTP/1.1\r\nhost: second\r\n\r\n".utf8) : []
        let theirs = Self.read(bytes + (body?.framed ?? []) + second)

        if ours.method == "CONNECT" { return .listed(.unknownMethod) }
        guard let first = theirs.messages.first else {
            let fault = theirs.fault ?? "without a word"
            if fault.contains("invalid HTTP method") { return .listed(.unknownMethod) }
            return ours.hasTabBehindFraming ? .listed(.tabBehindFraming) : .different("llhttp refuses it: \(fault)")
        }
        if let difference = ours.difference(from: first.head) { return .different(difference) }
        if first.head.isKeepAlive != ours.keeps {
            if ours.isHTTP10 { return .listed(.keptHTTP10) }
            if ours.hasTabBehindOption { return .listed(.tabBehindOption) }
            return ours.hasProxyConnection
                ? .listed(.proxyConnection) : .different("llhttp keeps: \(first.head.isKeepAlive)")
        }
        if ours.asksForUpgrade { return .listed(.upgrade) }
        guard let body else { return .same }
        guard first.isComplete, first.body == body.plain else {
            if ours.hasTabBehindFraming, !first.isComplete, theirs.fault != nil { return .listed(.tabBehindFraming) }
            let end = theirs.fault ?? (first.isComplete ? "complete" : "unended")
            return .different("llhttp reads a body of \(first.body.count) bytes, \(end)")
        }
        guard theirs.messages.count == (follows ? 2 : 1), theirs.fault == nil else {
            return .different("behind the body llhttp finds \(theirs.messages.count) messages, \(theirs.fault ?? "")")
        }
        if follows, theirs.messages[1].head.uri != "/second" || !theirs.messages[1].isComplete {
            return .different("llhttp reads another request behind the body")
        }
        return .same
    }

    /// What is sent behind the head, and what it says; `nil` where the length is more than anybody wants to send.
    private static func body(_ framing: BodyFraming) -> (framed: [UInt8], plain: [UInt8])? {
        switch framing {
        case .none, .untilClose: ([], [])
        case .length(let length): length <= 4096 ? pair(Array(repeating: UInt8(ascii: "b"), count: length)) : nil
        case .chunked: (Array("5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nx: y\r\n\r\n".utf8), Array("hello world".utf8))
        }
    }

    private static func pair(_ bytes: [UInt8]) -> (framed: [UInt8], plain: [UInt8]) { (bytes, bytes) }

    // MARK: llhttp

    struct Message {
        let head: HTTPRequestHead
        var body: [UInt8] = []
        var isComplete = false
    }

    static func read(_ bytes: [UInt8]) -> (messages: [Message], fault: String?) {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        )
        var fault: String?
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            fault = "\(error)"
        }
        var messages: [Message] = []
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): messages.append(Message(head: head))
            case .body(let piece):
                if !messages.isEmpty { messages[messages.count - 1].body += piece.readableBytesView }
            case .end: if !messages.isEmpty { messages[messages.count - 1].isComplete = true }
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return (messages, fault)
    }

    // MARK: the gate

    /// A head as the gate read it, spelled as in its bytes.
    private struct Reading {
        let method: String
        let target: String
        let isHTTP10: Bool
        let keeps: Bool
        let framing: BodyFraming
        let fields: [(name: String, value: String)]
        let hasTabBehindFraming: Bool
        let hasTabBehindOption: Bool

        init(_ reader: RequestHeadReader, _ bytes: [UInt8]) {
            let words = bytes.prefix { $0 != 0x0d }.split(separator: 0x20, omittingEmptySubsequences: false)
            func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
            method = words.first.map(text) ?? ""
            target = words.dropFirst().first.map(text) ?? ""
            isHTTP10 = reader.isHTTP10
            keeps = reader.keepsConnection
            framing = reader.framing
            fields = reader.fields.lines.map { (text(bytes[$0.nameRange]), text(bytes[$0.value])) }
            hasTabBehindFraming = reader.fields.lines.contains { line in
                guard line.name == .contentLength || line.name == .transferEncoding else { return false }
                return bytes[line.value.upperBound...].prefix { $0 != 0x0d }.contains(0x09)
            }
            hasTabBehindOption = reader.fields.lines.contains { line in
                line.name == .connection && bytes[line.value.lowerBound...].prefix { $0 != 0x0d }.contains(0x09)
            }
        }

        var hasProxyConnection: Bool { fields.contains { $0.name.lowercased() == "proxy-connection" } }

        var asksForUpgrade: Bool {
            fields.contains { $0.name.lowercased() == "upgrade" }
                && fields.contains { $0.name.lowercased() == "connection" && $0.value.lowercased().contains("upgrade") }
        }

        /// What llhttp's head says otherwise; `nil` when it says the same. Blanks at the end of a value, which llhttp leaves
        /// to whoever uses it, are no part of it (RFC 9112 section 5).
        func difference(from head: HTTPRequestHead) -> String? {
            if head.method.rawValue != method { return "the method is \(head.method)" }
            if !head.uri.utf8.elementsEqual(target.utf8) { return "the target is \(head.uri)" }
            if head.version != (isHTTP10 ? .http1_0 : .http1_1) { return "the version is \(head.version)" }
            let theirs = head.headers.map { ($0.name, Self.withoutBlanks($0.value)) }
            let isSame =
                theirs.count == fields.count
                && zip(theirs, fields).allSatisfy {
                    $0.0.utf8.elementsEqual($1.name.utf8) && $0.1.utf8.elementsEqual($1.value.utf8)
                }
            return isSame ? nil : "the fields are \(theirs)"
        }

        private static func withoutBlanks(_ value: String) -> String {
            // By bytes: a blank may be part of a character.
            let end = value.utf8.lastIndex { $0 != 0x20 && $0 != 0x09 }
            return end.map { String(decoding: Array(value.utf8[...$0]), as: UTF8.self) } ?? ""
        }
    }
}
