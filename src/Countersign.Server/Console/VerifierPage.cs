using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console;

/// <summary>
/// The verifier of receipts as one page that holds everything it needs. It is for strangers, so nobody signs in for it;
/// it may reach no network and run no other script than its own, and a saved copy is held to the same.
/// </summary>
internal static class VerifierPage
{
    private static readonly string[] Scripts =
    [
        "verifier-json.js", "verifier-keys.js", "verifier-log.js", "verifier-votes.js", "verifier-said.js",
        "verifier-walk.js", "verifier-page.js",
    ];

    private static readonly string Script = "\n" + string.Join('\n', Scripts.Select(ConsoleAsset.ReadText));
    private static readonly string Style = "\n" + ConsoleAsset.ReadText("verifier.css");

    /// <summary>What a saved page can hold itself to; who may frame it is only for the server to say.</summary>
    private static readonly string Policy =
        $"default-src 'none'; script-src '{HashOf(Script)}'; style-src '{HashOf(Style)}'; base-uri 'none'; " +
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly byte[] Page = Encoding.UTF8.GetBytes(ConsoleAsset.ReadText("verifier.html")
        .Replace("{policy}", Policy, StringComparison.Ordinal)
        .Replace("{style}", Style, StringComparison.Ordinal)
        .Replace("{script}", Script, StringComparison.Ordinal));

    public static async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.ContentSecurityPolicy = $"{Policy}; frame-ancestors 'none'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = Page.Length;
        await response.BodyWriter.WriteAsync(Page, context.RequestAborted);
    }

    private static string HashOf(string text) =>
        $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
}
