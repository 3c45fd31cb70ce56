using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Http;

/// <summary>
/// Asks a target what became of a request whose node is gone, by the <c>Idempotency-Key</c> that it carried: a GET of
/// the path that the operator named for it. The status of the answer decides, and never its body.
/// <list type="table">
/// <item><term>200 to 299 but 202</term><description>it took effect</description></item>
/// <item><term>404, 410</term><description>the target knows nothing of it</description></item>
/// <item><term>others, or none</term><description>asked again</description></item>
/// </list>
/// </summary>
internal sealed class HttpStatusQuery(HttpGateOptions options, HttpUpstreams upstreams)
{
    public const string EvidenceKind = "http-idempotency-key";
    public const string Variable = "{idempotency_key}";

    /// <summary>The path that asks about one key.</summary>
    public static string PathOf(string template, string key) =>
        template.Replace(Variable, key, StringComparison.Ordinal);

    /// <exception cref="HttpRequestException">The target cannot be asked now; other failures say the same.</exception>
    public async Task<Proof> AskAsync(
        TargetName name, HttpOptions target, Evidence evidence, CancellationToken cancellationToken)
    {
        if (evidence.Kind != EvidenceKind
            || !HttpPath.TryRead(PathOf(target.Status!, evidence.Value), out var path, out _))
        {
            return Proof.Unknown;
        }

        var credential = target.Credential is { } standing ? await standing(null, cancellationToken) : null;
        var question = new HttpCall("GET", path, HttpQuery.None, HttpHeaders.None, HttpBody.None);
        using var message = HttpExecutor.Compose(
            question, credential, question.AddressAt(target.Upstream), isRead: true, out _);
        var upstream = upstreams.For(name, target);
        var response = await upstream.Invoker.SendAsync(message, cancellationToken);
        ImmutableArray<string> secrets = credential?.Secrets ?? [];
        await using var answer = await LiveAnswer.OpenAsync(response, upstream, secrets, default, options.Time);
        return answer.Status switch
        {
            // Accepted says that it is not done (RFC 9110 section 15.3.3).
            202 => Proof.Undecided,
            >= 200 and < 300 => Proof.TookEffect,
            404 or 410 => Proof.NotSeen,
            _ => Proof.Undecided,
        };
    }
}
