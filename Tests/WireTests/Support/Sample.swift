/// Requests as bytes.
enum Sample {
    static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    static func post(_ body: String, _ path: String = "/p") -> String { post(body.utf8.count, path) + body }

    /// Only the head: the body of this length is the test's to send.
    static func post(_ length: Int, _ path: String = "/p") -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
    }
}
