import NIOEmbedded
import NIOSSL
import Testing
import X509
