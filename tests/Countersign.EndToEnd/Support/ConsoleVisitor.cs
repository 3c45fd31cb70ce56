using System.Net;
using System.Text.RegularExpressions;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// A person at the console with as much of a browser as forms need: cookies, forms, and what a page says.
/// </summary>
internal sealed partial class ConsoleVisitor : IDisposable
{
    private readonly HttpClient _http;

    public ConsoleVisitor(Uri address) => _http = new HttpClient(
        new HttpClientHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false })
    {
        BaseAddress = address,
        Timeout = Limits.Soon,
    };

    /// <summary>Signs in with the token of somebody; the status of the answer.</summary>
    public async Task<HttpStatusCode> SignInAsync(string token, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync("/console/sign-in", [("token", token)], cancellationToken);
        return answer.StatusCode;
    }

    /// <summary>The words of a page, without its markup.</summary>
    public async Task<string> ReadAsync(string path, CancellationToken cancellationToken) =>
        TextOf(await _http.GetStringAsync(path, cancellationToken));

    /// <summary>A file, byte for byte.</summary>
    public Task<byte[]> DownloadAsync(string path, CancellationToken cancellationToken) =>
        _http.GetByteArrayAsync(path, cancellationToken);

    public async Task<HttpStatusCode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(path, cancellationToken);
        return answer.StatusCode;
    }

    /// <summary>Sends an action's form and reads what the page says became of it.</summary>
    public async Task<string> VoteAsync(
        string id, string decision, string digest, CancellationToken cancellationToken)
    {
        var page = await _http.GetStringAsync("/console", cancellationToken);
        using var answer = await SendAsync(
            $"/console/actions/{id}/votes",
            [("decision", decision), ("digest", digest), ("form_token", FormToken().Match(page).Groups[1].Value)],
            cancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var next = await _http.GetStringAsync(answer.Headers.Location, cancellationToken);
        return TextOf(Notice().Match(next).Groups[1].Value);
    }

    /// <summary>Sends a form that carries nothing of a session.</summary>
    public async Task<(HttpStatusCode Status, string? Location)> PostAsync(
        string path, (string Name, string Value)[] fields, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(path, fields, cancellationToken);
        return (answer.StatusCode, answer.Headers.Location?.ToString());
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        string path, (string Name, string Value)[] fields, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        request.Headers.Add("Origin", _http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return await _http.SendAsync(request, cancellationToken);
    }

    private static string TextOf(string html) =>
        Blanks().Replace(WebUtility.HtmlDecode(Tags().Replace(html, " ")), " ").Trim();

    [GeneratedRegex("name=\"form_token\" value=\"([^\"]*)\"")]
    private static partial Regex FormToken();

    [GeneratedRegex("<div class=\"notice [^\"]*\" role=\"alert\">(.*?)</div>", RegexOptions.Singleline)]
    private static partial Regex Notice();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
