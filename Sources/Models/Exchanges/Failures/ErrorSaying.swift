import NIOCore
import OstiaryCore

/// What a client gets to read of a provider's error: a body and its type.
struct ErrorSaying {
    let body: ByteBuffer
    /// The value of `Content-Type`; `nil` for none.
    let type: ByteBuffer?

    private static let json = ByteBuffer(staticString: "application/json")

    private init(body: ByteBuffer, type: ByteBuffer?) {
        self.body = body
        self.type = type
    }

    /// A document that was made here.
    init(json document: [UInt8]) {
        self.init(body: ByteBuffer(bytes: document), type: Self.json)
    }

    /// The gate's own words in place of the provider's.
    static func unsaid(status: Int, for family: APIFamily) -> ErrorSaying {
        ErrorSaying(body: ByteBuffer(bytes: ErrorDocument.unsaid(status: status, for: family)), type: json)
    }

    /// - Parameters:
    ///   - body: without the key.
    ///   - isWhole: whether that is all of it.
    ///   - type: the provider's `Content-Type`.
    init(_ body: ByteBuffer, isWhole: Bool, type: ByteBuffer?, status: Int, for family: APIFamily) {
        let bytes = Array(body.readableBytesView)
        let first = bytes.first { $0 > 0x20 }
        let isJSON =
            type.map { MediaTypeField.isJSON($0.readableBytesView) } ?? (first == UInt8(ascii: "{"))
        if first == nil {
            self.init(body: body, type: type)
        } else if isJSON, isWhole, let document = ErrorDocument.cleaned(bytes, status: status, for: family) {
            self.init(body: ByteBuffer(bytes: document), type: type ?? Self.json)
        } else if isJSON || first == UInt8(ascii: "<")
            || type.map({ MediaTypeField.isPage($0.readableBytesView) }) == true
        {
            // Half a document is none, and a page is for browsers.
            self = .unsaid(status: status, for: family)
        } else {
            let text = ForeignText.cleaned(bytes) ?? bytes
            self.init(body: Self.beginning(of: ByteBuffer(bytes: text), ErrorDocument.limit), type: type)
        }
    }

    /// The first `limit` bytes, and no half character at their end.
    static func beginning(of body: ByteBuffer, _ limit: Int) -> ByteBuffer {
        let view = body.readableBytesView
        guard view.count > limit else { return body }
        let end = view.startIndex + limit
        var cut = end
        while cut > view.startIndex, end - cut < 3, view[cut] & 0xc0 == 0x80 { cut -= 1 }
        return ByteBuffer(view[..<cut])
    }
}
