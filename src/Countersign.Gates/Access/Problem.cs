using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Access;

/// <summary>An error as RFC 9457 wants it; <c>type</c> ends in the slug that the API names.</summary>
internal sealed record Problem(int Status, string Slug, string Detail)
{
    private const string TypePrefix = "https://countersign.dev/problems/";

    public static Problem Unauthorized { get; } = new(
        401,
        "unauthorized",
        "No valid token: send 'Authorization: Bearer TOKEN' with a token from the configuration.");

    /// <summary>More members of the problem document, such as the action it is about.</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();

    /// <summary>Seconds after which trying again makes sense.</summary>
    public int? RetryAfter { get; init; }

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString();
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter.AsStream());
        json.WriteStartObject();
        json.WriteString("type", TypePrefix + Slug);
        json.WriteString("title", Slug.Replace('-', ' '));
        json.WriteNumber("status", Status);
        json.WriteString("detail", Detail);
        foreach (var (name, value) in Extensions)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }
}
