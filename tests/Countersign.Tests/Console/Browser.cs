using System.Net;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Console;

/// <summary>
/// As much of a browser as forms need: it keeps cookies, follows nothing, and says where forms come from.
/// </summary>
internal sealed partial class Browser : IDisposable
{
    private readonly HttpClient _client;

    public Browser(Uri address)
    {
        _client = new HttpClient(new HttpClientHandler { CookieContainer = Cookies, AllowAutoRedirect = false })
        {
            BaseAddress = address,
        };
    }

    public CookieContainer Cookies { get; } = new();

    public HttpClient Client => _client;

    public Task<HttpResponseMessage> GetAsync(string path) =>
        _client.GetAsync(path, TestContext.Current.CancellationToken);

    public async Task<string> ReadAsync(string path)
    {
        using var answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) =>
        SendAsync(path, _client.BaseAddress!.GetLeftPart(UriPartial.Authority), "same-origin", fields);

    public async Task<HttpResponseMessage> SendAsync(
        string path, string? origin, string? site, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Opens an action's page and sends its form, as a person who presses one of its buttons does.</summary>
    public async Task<string> VoteAsync(string id, string decision, string comment = "")
    {
        var page = await ReadAsync($"/console/actions/{id}");
        return await VoteAsync(id, decision, FieldOf(page, "digest"), FieldOf(page, "form_token"), comment);
    }

    /// <summary>Sends an action's form and returns the page that follows.</summary>
    public async Task<string> VoteAsync(string id, string decision, string digest, string token, string comment = "")
    {
        using var answer = await PostAsync(
            $"/console/actions/{id}/votes",
            ("decision", decision),
            ("digest", digest),
            ("form_token", token),
            ("comment", comment));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return await ReadAsync(answer.Headers.Location!.ToString());
    }

    /// <summary>Sends changed arguments; the page that follows, on which nothing is recorded.</summary>
    public async Task<string> CompareAsync(string id, Wish wish)
    {
        using var answer = await PostAsync(
            $"/console/actions/{id}/revisions", await FieldsOfAsync(wish));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Compares changed arguments, and saves exactly what was compared.</summary>
    public async Task<HttpResponseMessage> ReviseAsync(string id, Wish wish)
    {
        var compared = FieldOf(await CompareAsync(id, wish), "compared");
        return await PostAsync(
            $"/console/actions/{id}/revisions",
            [.. await FieldsOfAsync(wish), ("compared", compared), ("step", "save")]);
    }

    private async Task<(string, string)[]> FieldsOfAsync(Wish wish) =>
    [
        ("digest", wish.Digest),
        .. wish.Statement is { } statement ? [("statement", statement)] : Array.Empty<(string, string)>(),
        ("json", wish.Json),
        ("comment", wish.Comment),
        ("form_token", await FormTokenAsync()),
    ];

    public async Task<string> FormTokenAsync() => FieldOf(await ReadAsync("/console"), "form_token");

    public static string FieldOf(string page, string name)
    {
        var match = Fields().Matches(page).FirstOrDefault(field => field.Groups["name"].Value == name);
        Assert.True(match is not null, $"The page has no field '{name}'.");
        return WebUtility.HtmlDecode(match!.Groups["value"].Value);
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]*)\" value=\"(?<value>[^\"]*)\"")]
    private static partial Regex Fields();
}

/// <summary>What somebody types to change an action.</summary>
internal sealed record Wish(string Digest, string Json, string Comment = "")
{
    public string? Statement { get; init; }
}
