import OstiaryCore
import OstiaryWire

/// `X-Protocol-Version`: which version of the gate's own protocol client and gate speak.
enum ProtocolVersion {
    static let current = 1

    /// - Throws: `.unsupportedProtocolVersion` unless the field is absent, or there once and `1`.
    static func check(_ head: RequestHead) throws(GateError) {
        guard head.has(.protocolVersion) else { return }
        let isKnown =
            !head.isRepeated(.protocolVersion)
            && head.withValue(.protocolVersion) { $0.count == 1 && $0[0] == UInt8(ascii: "1") } == true
        guard isKnown else { throw GateError(.unsupportedProtocolVersion, detail: "version 1 is spoken here") }
    }
}
