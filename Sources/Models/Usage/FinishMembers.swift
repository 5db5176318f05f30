import OstiaryCore

/// Where answers tell why they ended, whole or in events.
enum FinishMembers {
    private static let chat = 0
    private static let message = [1, 2]
    private static let responses = [(status: 3, reason: 4), (status: 5, reason: 6)]

    static let paths = [
        // Of several choices the first is looked at, as hardly anybody asks for more.
        "choices.[].finish_reason",
        "delta.stop_reason", "stop_reason",
        "response.status", "response.incomplete_details.reason", "status", "incomplete_details.reason",
    ]

    /// Why the answer ended, if this document says it.
    /// - Parameter first: where these members begin among those that the scanner looked for.
    static func read(_ scanner: MemberScanner, from first: Int) -> Exchange.Stop? {
        if let stop = scanner.withText(first + chat, ChatWords.stop(word:)) { return stop }
        for place in message {
            if let stop = scanner.withText(first + place, MessagesWords.stop(word:)) { return stop }
        }
        for place in responses {
            guard let status = scanner.withText(first + place.status, Status.init) else { continue }
            switch status {
            case .completed: return .end
            case .incomplete:
                return scanner.withText(first + place.reason, ResponsesWords.stop(incomplete:)) ?? .pause
            case .other: continue
            }
        }
        return nil
    }

    private enum Status {
        case completed, incomplete, other

        init(_ text: Span<UInt8>) {
            self = text.equals("completed") ? .completed : text.equals("incomplete") ? .incomplete : .other
        }
    }
}

extension Span<UInt8> {
    /// Whether these are the bytes of `text`.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return withUnsafeBufferPointer { mine in text.withUTF8Buffer { mine.elementsEqual($0) } }
    }
}
