import Crypto
import OstiaryCore
import Synchronization

/// Says whether tokens are genuine.
///
/// ES256 under a key with a table is decided by our own arithmetic, at a third of the price, and swift-crypto watches
/// over it: every entry of a table is compared with the library before the table is used, and every verdict, yes or no,
/// is put to the library as well while there are at most a hundred a second of its kind, and one in 64 drawn at random
/// beyond that. Where the two differ, the library's word holds, the operator is told, and the fast check is off until
/// the process starts anew.
final class SignatureChecker: Sendable {
    /// What outlives a reload: a disagreement holds until the process starts anew, whatever the configuration says.
    private final class Watch: Sendable {
        let opinions = Mutex(SecondOpinions())
        let isOff = Atomic(false)
        let figures = SignatureFigures()
    }

    /// `nil` where only the library is to be asked.
    private let shelf: TableShelf?
    private let watch: Watch
    private let elsewhere: @Sendable (@escaping @Sendable () -> Void) -> Void
    private let tell: @Sendable (FastCheckFault) -> Void
    private let fastVerdict: @Sendable (FixedKey, ES256Signature) -> Bool

    /// - Parameters:
    ///   - former: the checker before a reload, whose tables and counts go on.
    ///   - elsewhere: runs what takes some milliseconds beside the requests.
    ///   - tell: told once, when the fast check is switched off.
    ///   - fastVerdict: the fast check; another one than its own only in a test of what happens when it is wrong.
    init(
        _ check: SignatureCheck,
        keeping former: SignatureChecker? = nil,
        elsewhere: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { work in Task.detached { work() } },
        tell: @escaping @Sendable (FastCheckFault) -> Void = { _ in },
        fastVerdict: @escaping @Sendable (FixedKey, ES256Signature) -> Bool = { $1.isGenuine(by: $0) }
    ) {
        shelf = check == .fast ? former?.shelf ?? TableShelf() : nil
        watch = former?.watch ?? Watch()
        self.elsewhere = elsewhere
        self.tell = tell
        self.fastVerdict = fastVerdict
    }

    /// Whether `key`'s owner signed the token with `algorithm`, which the caller has allowed and compared with the
    /// header.
    func isSigned(
        _ token: JWS,
        by key: VerificationKey,
        with algorithm: SignatureAlgorithm,
        at moment: MonotonicTime
    ) -> Bool {
        guard let shelf, algorithm == .es256, key.algorithms.contains(algorithm),
            case .p256(let library, let point) = key.material,
            !watch.isOff.load(ordering: .relaxed)
        else {
            watch.figures.library.increment()
            return token.isSigned(by: key, with: algorithm)
        }
        guard let signature = ES256Signature(token.signature, of: token.signed) else { return false }
        guard let tables = shelf.tables(for: point, at: moment) else {
            watch.figures.library.increment()
            let verdict = signature.isGenuine(by: library)
            if shelf.note(point, genuine: verdict, at: moment) { build(point, on: shelf) }
            return verdict
        }
        watch.figures.tables.increment()
        let verdict = fastVerdict(tables, signature)
        var random = SystemRandomNumberGenerator()
        guard watch.opinions.withLock({ $0.areWanted(of: verdict, at: moment, random: &random) }) else {
            return verdict
        }
        let second = signature.isGenuine(by: library)
        if second == verdict {
            watch.figures.agreed.increment()
        } else {
            watch.figures.disagreed.increment()
            switchOff(verdict ? .accepted : .refused)
        }
        return second
    }

    private func build(_ point: AffinePoint, on shelf: TableShelf) {
        elsewhere { [self] in
            if !shelf.build(point) { switchOff(.table) }
        }
    }

    private func switchOff(_ fault: FastCheckFault) {
        guard !watch.isOff.exchange(true, ordering: .relaxed) else { return }
        shelf?.clear()
        tell(fault)
    }

    var instruments: [Instrument] {
        watch.figures.instruments + [
            Instrument(
                "gw_signature_tables",
                .gauge,
                "Keys with a table of their own for fast checks; at most \(TableShelf.places)."
            ) { [shelf] in Double(shelf?.tables ?? 0) },
            Instrument(
                "gw_signature_fast",
                .gauge,
                "1 while ES256 may be checked fast; 0 where the configuration or a disagreement has switched that off."
            ) { [self] in shelf != nil && !watch.isOff.load(ordering: .relaxed) ? 1 : 0 },
        ]
    }
}

/// What the signature checks count.
private final class SignatureFigures: Sendable {
    let tables = Counter()
    let library = Counter()
    let agreed = Counter()
    let disagreed = Counter()

    var instruments: [Instrument] {
        func checks(_ by: String, _ counter: Counter) -> Instrument {
            Instrument(
                "gw_signature_checks_total",
                .counter,
                "Signatures of tokens checked, by what was asked first.",
                labels: [(name: "by", value: by)]
            ) { Double(counter.current) }
        }
        func opinions(_ result: String, _ counter: Counter) -> Instrument {
            Instrument(
                "gw_signature_second_opinions_total",
                .counter,
                "Verdicts of the fast check that were put to the library as well; any disagreement is a fault.",
                labels: [(name: "result", value: result)]
            ) { Double(counter.current) }
        }
        return [
            checks("tables", tables), checks("library", library), opinions("agreed", agreed),
            opinions("disagreed", disagreed),
        ]
    }
}
