using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;
using Countersign.Server.Configuration;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.SignIn;

/// <summary>
/// Who a proxy in front says has signed in. Its word counts only beside the secret that it alone adds; a proxy that
/// passes on either header of a browser's own would give that away, so it has to set both itself.
/// </summary>
internal sealed class ProxyIdentity(ProxyOptions options)
{
    /// <summary>Whom this request is of; <c>null</c> when the proxy does not say so, or says it twice.</summary>
    public Subject? Read(HttpRequest request)
    {
        var secret = request.Headers[options.SecretHeader];
        var user = request.Headers[options.UserHeader];
        return secret is [{ } given] && user is [{ } name]
            && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(Encoding.UTF8.GetBytes(given)),
                SHA256.HashData(Encoding.UTF8.GetBytes(options.Secret.Reveal())))
            && Subject.IsNamed(name)
                ? new Subject(Subject.Proxy, name)
                : null;
    }
}
