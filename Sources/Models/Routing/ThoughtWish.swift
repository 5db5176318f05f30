import OstiaryCore

/// Whether a request asks for much thought: an effort of `high` and above, or thinking switched on without saying how
/// much of it.
struct ThoughtWish {
    private static let paths = MemberPaths(
        ["output_config.effort", "reasoning_effort", "reasoning.effort", "thinking.type"],
        refusingOtherCase: false
    )

    /// - Parameter body: the whole body, which was found sound.
    static func isStrong(_ body: Span<UInt8>) -> Bool {
        var scanner = MemberScanner(paths)
        guard (try? scanner.feed(body)) != nil else { return false }
        let efforts = (0..<3).compactMap { text(scanner, $0) }
        guard efforts.isEmpty else { return efforts.contains { ["high", "xhigh", "max"].contains($0) } }
        return text(scanner, 3) == "enabled"
    }

    private static func text(_ scanner: MemberScanner, _ position: Int) -> String? {
        scanner.withText(position) { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }
}
