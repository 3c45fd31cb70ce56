using System.Text.Json;
using Countersign.Core.Actions.Json;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// A body that is a JSON object of known members. A misspelt name or a text that is none must not silently lose its
/// meaning, so both are refused.
/// </summary>
internal sealed class StrictBody : IDisposable
{
    private readonly JsonDocument _document;

    private StrictBody(CanonicalJson json, JsonDocument document) => (Json, _document) = (json, document);

    public CanonicalJson Json { get; }

    /// <summary>Reads the body, or the problem to answer with.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limits">How large and how deep the body may be.</param>
    /// <param name="texts">The members that are texts, or null when nothing is to be said.</param>
    /// <param name="others">The members of any other kind.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<(StrictBody? Body, Problem? Problem)> ReadAsync(
        HttpRequest request,
        JsonLimits limits,
        IReadOnlyList<string> texts,
        IReadOnlyList<string> others,
        CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, limits, cancellationToken);
        if (json is null)
        {
            return (null, problem);
        }

        var body = new StrictBody(
            json, JsonDocument.Parse(json.Bytes, new JsonDocumentOptions { MaxDepth = limits.Depth + 1 }));
        if (body.ComplaintAbout(texts, others) is { } complaint)
        {
            body.Dispose();
            return (null, RequestBody.Malformed(complaint));
        }

        return (body, null);
    }

    public string? Text(string name) =>
        _document.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>A member of another kind than text, as long as the body is not disposed.</summary>
    public JsonElement Other(string name) => _document.RootElement.GetProperty(name);

    /// <summary>Whether a member is there and says something.</summary>
    public bool Has(string name) =>
        _document.RootElement.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public void Dispose() => _document.Dispose();

    private string? ComplaintAbout(IReadOnlyList<string> texts, IReadOnlyList<string> others)
    {
        var known = string.Join(", ", texts.Concat(others));
        if (_document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return $"The body is a JSON object with {known}.";
        }

        foreach (var member in _document.RootElement.EnumerateObject())
        {
            if (texts.Contains(member.Name))
            {
                if (member.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
                {
                    return $"'{member.Name}' is a text.";
                }
            }
            else if (!others.Contains(member.Name))
            {
                return $"There is no member '{member.Name}'; the body has {known}.";
            }
        }

        return null;
    }
}
