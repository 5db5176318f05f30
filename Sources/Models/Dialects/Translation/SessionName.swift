import OstiaryCore

/// The part of a client's `user_id` that stays the same for one conversation.
enum SessionName {
    /// Claude Code sends a JSON text with `session_id` in it; any other text counts as a whole.
    static func bytes(of user: JSONText?) -> [UInt8] {
        guard let bytes = user?.bytes else { return [] }
        guard bytes.first == UInt8(ascii: "{"), bytes.count < 4096, let document = try? JSONDocument(bytes),
            let session = document.root["session_id"]?.text
        else { return bytes }
        return session.bytes
    }
}
