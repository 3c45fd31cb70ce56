using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Credentials;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Gates.Http;

/// <summary>
/// Finds out what a request would change, by the companion request that the operator named for it: a GET, whose answer
/// reviewers see. The version of what it shows is what the approved request runs on (<c>If-Match</c>, RFC 9110 section
/// 13.1.1), when the target has versions.
/// </summary>
internal sealed class HttpPreviews(HttpGateOptions options, HttpUpstreams upstreams)
{
    /// <summary>Longest text that people get to see of it, in characters.</summary>
    private const int LongestText = 1_500;

    /// <summary><c>null</c> when no companion is named for a request like this.</summary>
    public ActionPreviewer? Find(HttpCall call, Asking asking, HttpOptions target)
    {
        foreach (var (of, by) in target.Previews)
        {
            if (Match(of, call, asking) is { } values)
            {
                return (_, cancellationToken) =>
                    LookAsync(call, by, values, asking.Target.Name, target, cancellationToken);
            }
        }

        return null;
    }

    /// <summary>
    /// The values of the variables of a request that a rule is about; by operation id or by template.
    /// </summary>
    private static ImmutableSortedDictionary<string, string>? Match(string of, HttpCall call, Asking asking)
    {
        var space = of.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0)
        {
            return asking.Facts.Members["operation_id"] is string id && id == of
                ? JsonSerializer.Deserialize<ImmutableSortedDictionary<string, string>>(
                    (JsonElement)asking.Facts.Members["path_parameters"])
                : null;
        }

        var node = new OperationNode();
        node.Add(PathTemplate.Parse(of[(space + 1)..]), new DescribedOperation(of, of[..space], of[(space + 1)..]));
        return node.Find(call.Path.Segments, call.Method)?.Parameters;
    }

    private async Task<Preview> LookAsync(
        HttpCall call,
        string by,
        ImmutableSortedDictionary<string, string> values,
        TargetName name,
        HttpOptions target,
        CancellationToken cancellationToken)
    {
        if (WriteOut(by, values) is not { } text || !HttpPath.TryRead(text, out var path, out _))
        {
            return Preview.Failed($"The preview 'GET {by}' has a variable that the request does not have.");
        }

        using var limit = new CancellationTokenSource(target.Limits.Preview, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await AskAsync(call, path, name, target, either.Token);
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or OperationCanceledException
            or CredentialException or WithheldException or InvalidDataException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Preview.Failed(limit.IsCancellationRequested
                ? $"The preview 'GET {path}' was not answered within {target.Limits.Preview.TotalSeconds:0.###} s."
                : $"The preview 'GET {path}' was not answered: {cut.Message}");
        }
    }

    private async Task<Preview> AskAsync(
        HttpCall call, HttpPath path, TargetName name, HttpOptions target, CancellationToken cancellationToken)
    {
        var credential = target.Credential is { } standing ? await standing(null, cancellationToken) : null;
        var look = new HttpCall("GET", path, HttpQuery.None, HttpHeaders.None, HttpBody.None);
        using var message = HttpExecutor.Compose(
            look, credential, look.AddressAt(target.Upstream), isRead: true, out _);
        message.Headers.TryAddWithoutValidation("Accept", "application/json, */*;q=0.5");
        var upstream = upstreams.For(name, target);
        var response = await upstream.Invoker.SendAsync(message, cancellationToken);
        ImmutableArray<string> secrets = credential?.Secrets ?? [];
        await using var answer = await LiveAnswer.OpenAsync(response, upstream, secrets, default, options.Time);
        await answer.ReadHeadAsync(target.Limits.Recorded, target.Limits.Preview, cancellationToken);
        if (answer.Status >= 400)
        {
            return Preview.Failed($"The preview 'GET {path}' was answered with HTTP {answer.Status}.");
        }

        var shown = Shown(answer);
        return new Preview($"GET {path} shows now: {shown}")
        {
            Bytes = answer.IsComplete ? answer.Bytes : null,
            Rows = RowsOf(answer),
            Exact = RowsOf(answer) is null ? null : !IsPage(answer),
            Cascades = null,
            Tag = call.Method is "GET" or "POST" ? null : TagOf(answer),
        };
    }

    /// <summary>Only a strong validator says that nothing changed (RFC 9110 section 8.8.1).</summary>
    private static string? TagOf(LiveAnswer answer) => answer.Headers
        .Where(header => header.Key.Equals("ETag", StringComparison.OrdinalIgnoreCase))
        .Select(header => header.Value)
        .FirstOrDefault(tag => tag.StartsWith('"'));

    /// <summary>Whether more may follow elsewhere (RFC 8288, RFC 9110 section 15.3.7).</summary>
    private static bool IsPage(LiveAnswer answer) => answer.Status == 206 || answer.Headers.Any(header =>
        header.Key.Equals("Link", StringComparison.OrdinalIgnoreCase)
        && header.Value.Contains("next", StringComparison.OrdinalIgnoreCase));

    private static long? RowsOf(LiveAnswer answer)
    {
        if (!answer.IsComplete || MediaType.KindOf(answer.ContentType) != BodyKind.Json)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(answer.Head);
            return document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.GetArrayLength() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shown(LiveAnswer answer)
    {
        if (MediaType.KindOf(answer.ContentType) == BodyKind.Opaque)
        {
            return $"{answer.Bytes.ToString(CultureInfo.InvariantCulture)} bytes of {answer.ContentType ?? "no type"}";
        }

        var text = Encoding.UTF8.GetString(answer.Head.Span[..Math.Min(answer.Head.Length, LongestText * 4)]);
        return text.Length <= LongestText ? text : $"{text[..LongestText]}…";
    }

    /// <summary>The template with its variables filled in; <c>null</c> when one is missing.</summary>
    private static string? WriteOut(string template, ImmutableSortedDictionary<string, string> values)
    {
        var text = template;
        foreach (var (name, value) in values)
        {
            text = text.Replace($"{{{name}}}", value, StringComparison.Ordinal);
        }

        return text.Contains('{', StringComparison.Ordinal) ? null : text;
    }
}
