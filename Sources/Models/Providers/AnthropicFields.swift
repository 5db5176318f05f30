import OstiaryCore
import OstiaryWire

/// `anthropic-version` and `anthropic-beta` on their way to a provider that is asked with an API key.
enum AnthropicFields {
    /// What is sent where the client names no version, or none of the form `YYYY-MM-DD`.
    static let version = "2023-06-01"

    /// Betas by which a client says how it has signed in here. A provider refuses them beside an API key.
    private static let signIns: [StaticString] = ["oauth-", "oidc-federation-"]

    static func write(_ head: RequestHead, to out: inout ByteWriter) {
        out.writeStaticString("anthropic-version: ")
        let isSent = head.withValue(.anthropicVersion) { value in
            guard isDate(value) else { return false }
            out.writeSpan(value)
            return true
        }
        if isSent != true { out.writeString(version) }
        out.writeStaticString("\r\n")
        guard head.has(.anthropicBeta) else { return }
        let betas = head.values(.anthropicBeta).flatMap { $0.split(separator: UInt8(ascii: ",")).map(trimmed) }
            .filter { beta in !beta.isEmpty && !signIns.contains { begins(beta, with: $0) } }
        guard !betas.isEmpty else { return }
        out.writeStaticString("anthropic-beta: ")
        out.writeBytes(Array(betas.joined(separator: [UInt8(ascii: ",")])))
        out.writeStaticString("\r\n")
    }

    private static func isDate(_ value: Span<UInt8>) -> Bool {
        guard value.count == 10 else { return false }
        return value.indices.allSatisfy { index in
            if index == 4 || index == 7 { return value[index] == UInt8(ascii: "-") }
            return value[index] >= UInt8(ascii: "0") && value[index] <= UInt8(ascii: "9")
        }
    }

    private static func trimmed(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let last = part.lastIndex(where: { !isBlank($0) }) else { return [] }
        return part[...last].drop(while: isBlank)
    }

    private static func begins(_ beta: ArraySlice<UInt8>, with text: StaticString) -> Bool {
        text.withUTF8Buffer { beta.starts(with: $0) }
    }
}
