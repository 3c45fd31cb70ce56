using System.Security.Cryptography;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Wire.Login;

public sealed class EndPointBindingTests
{
    [Fact]
    public void A_binding_is_the_certificate_hashed_as_its_signature_is()
    {
        using var sha256 = Certificates.SelfSigned();
        using var sha384 = Certificates.SelfSigned(hash: HashAlgorithmName.SHA384);
        using var sha512 = Certificates.SelfSigned(hash: HashAlgorithmName.SHA512);

        Assert.Equal(SHA256.HashData(sha256.RawData), EndPointBinding.Of(sha256));
        Assert.Equal(SHA384.HashData(sha384.RawData), EndPointBinding.Of(sha384));
        Assert.Equal(SHA512.HashData(sha512.RawData), EndPointBinding.Of(sha512));
    }
}
