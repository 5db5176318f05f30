import OstiaryCore

extension Surroundings {
    /// The most bytes of an answer: a secret of AWS has 64 KiB, and escapes may make six of one.
    static let mostAnswer = 512 * 1024

    /// Asks over the network and says what went wrong as a source does.
    func ask(_ request: OutboundRequest, label: String) async throws(SourceFault) -> OutboundAnswer {
        guard let requester else { throw .unreadable(label: label, reason: "there is no network here") }
        do throws(FetchFailure) {
            // Whoever reads the key keeps the time.
            return try await requester.send(request, limit: Self.mostAnswer, seconds: 60)
        } catch {
            switch error {
            case .unreachable: throw .unreadable(label: label, reason: "nobody answers there")
            case .timedOut: throw .timedOut(label: label)
            case .tooLarge: throw .tooLarge(label: label, limit: Self.mostAnswer)
            case .status, .redirect, .malformed: throw .unreadable(label: label, reason: "the answer is malformed")
            }
        }
    }
}
