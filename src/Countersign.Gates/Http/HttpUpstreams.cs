using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Countersign.Core.Actions;
using Countersign.Gates.Outbound;

namespace Countersign.Gates.Http;

/// <summary>Connections to the targets, kept apart by target: none shares another one's certificate.</summary>
internal sealed class HttpUpstreams : IDisposable
{
    /// <summary>
    /// Servers close what is idle, some after a few seconds. A request that meets such an end is not sent again, so it
    /// had better not meet one.
    /// </summary>
    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<TargetName, HttpMessageInvoker> _invokers = new();

    public HttpMessageInvoker For(TargetName target, HttpOptions options) =>
        _invokers.GetOrAdd(target, static (_, options) => Make(options), options);

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
        {
            invoker.Dispose();
        }
    }

    private static HttpMessageInvoker Make(HttpOptions options)
    {
        var handler = OutboundHttp.Handler(options.Limits.Connect);
        handler.PooledConnectionIdleTimeout = LongestIdle;
        if (options.Certificate is { } certificate)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext =
                    SslStreamCertificateContext.Create(certificate, additionalCertificates: null),
            };
        }

        return new HttpMessageInvoker(handler);
    }
}
