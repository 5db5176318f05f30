import OstiaryCore

/// What the admin door answers a call with.
struct AdminAnswer: Sendable {
    var status = 200
    var contentType = "application/json"
    var body: [UInt8]

    init(status: Int = 200, _ json: JSONValue) {
        self.status = status
        body = JSONWriter.write(json)
    }

    init(status: Int = 200, contentType: String = "application/json", bytes: [UInt8]) {
        self.status = status
        self.contentType = contentType
        body = bytes
    }
}
