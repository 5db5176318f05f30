import OstiaryCore
import OstiaryVault

/// What somebody wanted to have written down beside a key: an object of their own, kept in the store like the key itself,
/// under `NAME:metadata` (in the keyring, where Claude-Throne has it: `NAME-metadata`).
enum StoredMetadata {
    /// The most bytes as they are stored.
    static let limit = 4096
    private static let suffix = ":metadata"

    static func isOne(_ name: StoredName) -> Bool { name.text.hasSuffix(suffix) }

    static func read(of name: String, in store: any Store) throws(StoreFault) -> JSONObject? {
        guard let secret = try store.read(StoredName(name + suffix)) else { return nil }
        return secret.withBytes { bytes in try? JSONReader.read(bytes).object }
    }

    /// - Parameter object: nothing removes what was there.
    static func write(_ object: JSONObject?, of name: String, in store: any Store, at now: UnixTime) throws(StoreFault)
    {
        let place = try StoredName(name + suffix)
        guard let object, !object.members.isEmpty else {
            try store.remove(place)
            return
        }
        try store.write(place, Secret(copying: bytes(object).span), at: now)
    }

    /// In ASCII, as stores keep nothing else.
    static func bytes(_ object: JSONObject) -> [UInt8] {
        var ascii: [UInt8] = []
        for unit in String(decoding: JSONWriter.write(.object(object)), as: UTF8.self).utf16 {
            if unit < 0x80 {
                ascii.append(UInt8(truncatingIfNeeded: unit))
            } else {
                ascii += Array("\\u".utf8)
                for shift in [12, 8, 4, 0] {
                    ascii.append(Hex.digit(UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 0xf))
                }
            }
        }
        return ascii
    }
}
