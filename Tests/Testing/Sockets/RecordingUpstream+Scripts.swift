extension RecordingUpstream {
    /// Answers every request with the same document.
    public static func answering(
        _ body: String,
        status: String = "200 OK",
        fields: String = ""
    ) throws -> RecordingUpstream {
        try RecordingUpstream { _ in [.answer(body, status: status, fields: fields)] }
    }

    /// Answers every request with these bytes.
    public static func saying(_ bytes: String, thenCloses: Bool = false) throws -> RecordingUpstream {
        try RecordingUpstream { _ in [.send(bytes)] + (thenCloses ? [.close] : []) }
    }

    /// Takes one request of each connection and leaves what happens then to the test.
    public static func handingOver(at moment: Moment = .request) throws -> RecordingUpstream {
        try RecordingUpstream(at: moment) { _ in [.handOver] }
    }

    /// The bytes of an answer whose body is framed by its length.
    public static func answer(_ body: String, status: String = "200 OK", fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n\(fields)"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    public static let streamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// One chunk of a chunked body.
    public static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }
}
