using System.Net;

namespace Countersign.Gates.Outbound;

/// <summary>Connections of the gateway itself, which follow nothing and take no detour.</summary>
internal static class OutboundHttp
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>
    /// No redirects and no cookies: both would carry what belongs to one request into another. No proxy of the
    /// environment: the configuration says where a server is.
    /// </summary>
    public static SocketsHttpHandler Handler(TimeSpan connect) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = connect,
        PooledConnectionLifetime = Lifetime,
        ConnectCallback = CheckedConnect.OpenAsync,
        // What goes along of a trace is said in each request; by itself a handler would add an agent's baggage.
        ActivityHeadersPropagator = null,
    };

    /// <summary>For a token server, as long as the process runs.</summary>
    public static HttpMessageInvoker ForTokens(TimeSpan connect) => new(Handler(connect));
}
