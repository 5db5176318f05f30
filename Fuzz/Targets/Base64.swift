import OstiaryCore

/// What is decoded has this one spelling, and what is encoded is decoded.
func fuzzBase64URL(_ bytes: [UInt8]) {
    if let decoded = Base64URL.decode(bytes.span) {
        demand(Base64URL.encode(decoded).utf8.elementsEqual(bytes), "bytes have two spellings")
    }
    demand(Base64URL.decode(Base64URL.encode(bytes)) == bytes, "encoded bytes are not decoded")
    if let decoded = Hex.decode(bytes) {
        demand(Hex.encode(decoded).utf8.elementsEqual(bytes.map(lowerCased)), "hex digits change")
    }
}

private func lowerCased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}
