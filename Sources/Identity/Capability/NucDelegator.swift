public import OstiaryCore
import Synchronization

/// Hands an account's rights on to clients, each for a short time and so many uses: nilai-py's delegation server, for use in
/// a server of one's own. Who may ask is the server's to say.
public final class NucDelegator: Sendable {
    /// Where the token comes from that is handed on.
    public enum Mode: Sendable {
        /// The key is an account's: it makes roots for itself, each for an hour, and another one before that ends.
        case owner
        /// The key is somebody's who was handed something: what `update` brought is handed on.
        case issuer
    }

    /// What every delegation says.
    public struct Terms: Hashable, Sendable {
        /// Seconds from now on; zero means ten, as nilai-py has it.
        public var lifetime = 60
        public var uses = 1
        /// A prompt that stands before the messages: the document, and who owns it.
        public var prompt: Prompt?

        public init() {}
    }

    public struct Prompt: Hashable, Sendable {
        public let document: String
        public let owner: String

        public init(document: String, owner: String) {
            self.document = document
            self.owner = owner
        }
    }

    /// Why there is no delegation.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// Nothing was handed in that could be handed on, or it has expired.
        case nothingToHandOn
        /// What was handed in is an invocation, or was made for another key.
        case notOurs
        /// More uses than what is handed on allows.
        case tooMuch

        public var description: String {
            switch self {
            case .nothingToHandOn: "there is no delegation to hand on, or it has expired"
            case .notOurs: "this was not made for this key to hand on"
            case .tooMuch: "more uses were asked for than what is handed on allows"
            }
        }
    }

    /// Seconds that a root of one's own lives; another one is made at four fifths of it.
    private static let rootLife = 3600

    private struct Root {
        let envelope: NucEnvelope
        /// When another one is made; for what was handed in, when it ends.
        let until: Int
    }

    public let terms: Terms
    private let mode: Mode
    private let mint: NucMint
    private let clock: any GateClock
    private let root = Mutex<Root?>(nil)

    public init(key: Secp256k1SecretKey, mode: Mode = .owner, terms: Terms = Terms(), clock: any GateClock) {
        mint = NucMint(key)
        self.mode = mode
        self.terms = terms
        self.clock = clock
    }

    /// Who issues.
    public var issuer: DID { mint.issuer }

    /// Takes what is handed on from now on.
    public func update(_ delegation: NucEnvelope) throws(Fault) {
        guard let leaf = delegation.tokens.first, mode == .issuer, !leaf.isInvocation,
            leaf.payload.audience == mint.issuer, NucCommand.generate.isAttenuation(of: leaf.payload.command)
        else { throw .notOurs }
        let ends = delegation.tokens.compactMap(\.payload.expires).min() ?? .max
        root.withLock { $0 = Root(envelope: delegation, until: ends) }
    }

    /// A delegation for `audience`, in front of what it stands on.
    /// - Parameter nonces: for the root, where one is made, and for the delegation; random unless they have to be known.
    public func make(for audience: DID, nonces: (root: [UInt8], delegation: [UInt8])? = nil) throws(Fault) -> [UInt8] {
        let now = Int(clock.now.seconds)
        let parent = try current(now, nonce: nonces?.root)
        guard let leaf = parent.tokens.first else { throw .nothingToHandOn }
        // Nobody would believe it, and its holder would hear of that only at nilai.
        if let most = parent.tokens.lazy.compactMap({ $0.payload.meta?["usage_limit"]?.number?.int }).first {
            guard terms.uses <= most else { throw .tooMuch }
        }
        var wish = NucMint.Wish(
            delegationTo: audience,
            subject: leaf.payload.subject,
            command: .generate,
            policy: leaf.payload.object["pol"]?.array ?? []
        )
        wish.expires = now + (terms.lifetime > 0 ? terms.lifetime : 10)
        var meta: [JSONObject.Member] = [.init(name: "usage_limit", value: .integer(terms.uses))]
        if let prompt = terms.prompt {
            meta.append(.init(name: "document_id", value: .string(prompt.document)))
            meta.append(.init(name: "document_owner_did", value: .string(prompt.owner)))
        }
        wish.meta = JSONObject(members: meta)
        return mint.make(wish, on: parent, nonce: nonces?.delegation)
    }

    /// What is handed on now. One at a time, so that many who ask at once get one root.
    private func current(_ now: Int, nonce: [UInt8]?) throws(Fault) -> NucEnvelope {
        let found: NucEnvelope? = root.withLock { root in
            if let known = root, now < known.until { return known.envelope }
            guard mode == .owner else { return nil }
            var wish = NucMint.Wish(delegationTo: mint.issuer, subject: mint.issuer, command: .generate)
            wish.expires = now + Self.rootLife
            guard let made = try? NucEnvelope(mint.make(wish, nonce: nonce)) else { return nil }
            root = Root(envelope: made, until: now + Self.rootLife / 5 * 4)
            return made
        }
        guard let found else { throw .nothingToHandOn }
        return found
    }
}
