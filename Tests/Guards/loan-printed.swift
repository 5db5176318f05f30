// expect: argument type 'Loan' does not conform to expected type 'Copyable'
import OstiaryVault

func show(_ loan: borrowing Loan) {
    print(loan)
}
