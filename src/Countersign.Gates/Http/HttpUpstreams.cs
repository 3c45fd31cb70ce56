using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Countersign.Core.Actions;
using Countersign.Core.Redaction;
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

    private readonly ConcurrentDictionary<TargetName, HttpUpstream> _upstreams = new();

    public HttpUpstream For(TargetName target, HttpOptions options) => _upstreams.GetOrAdd(
        target,
        static (target, options) => new HttpUpstream(target, options, Make(options)),
        options);

    public void Dispose()
    {
        foreach (var upstream in _upstreams.Values)
        {
            upstream.Invoker.Dispose();
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

/// <summary>How requests get to one target, and what its answers go through.</summary>
internal sealed class HttpUpstream(TargetName target, HttpOptions options, HttpMessageInvoker invoker)
{
    public HttpOptions Options { get; } = options;

    public HttpMessageInvoker Invoker { get; } = invoker;

    public AnswerHeaders Headers { get; } = new(target, options);

    public TargetRedactor Redactor { get; } = new(options.Redaction);
}
