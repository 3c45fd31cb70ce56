using System.Net;

namespace Countersign.Bench.Reviews;

/// <summary>As much of a browser as an open page is to the server: a stream, and a fetch whenever it says so.</summary>
internal sealed class OpenConsole : IDisposable
{
    private const string Changed = "event: change";

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly CookieContainer _cookies;
    private StreamReader? _events;

    private OpenConsole(Uri address, CookieContainer cookies)
    {
        (_address, _cookies) = (address, cookies);
        var handler = new SocketsHttpHandler { UseProxy = false, CookieContainer = cookies, AllowAutoRedirect = false };
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public static async Task<OpenConsole> SignInAsync(Uri address)
    {
        var console = new OpenConsole(address, new CookieContainer());
        using var form = new FormUrlEncodedContent(
            [KeyValuePair.Create("token", ServedProduct.ReviewerToken)]);
        using var answer = await console._http.PostAsync("/console/sign-in", form);
        return answer.StatusCode == HttpStatusCode.SeeOther
            ? console
            : throw new InvalidOperationException($"Nobody signed in: {answer.StatusCode}.");
    }

    /// <summary>
    /// The same person in one more window: a page, its stream, and the fetch that follows the stream's first word.
    /// </summary>
    public async Task<OpenConsole> OpenAnotherAsync()
    {
        var other = new OpenConsole(_address, _cookies);
        await other.ReadPageAsync();
        other._events = new StreamReader(await other._http.GetStreamAsync("/console/events"));
        await other.CatchUpAsync();
        return other;
    }

    public Task ReadPageAsync() => ReadAsync("/console");

    /// <summary>Waits until the stream says that something changed, and fetches it.</summary>
    public async Task CatchUpAsync()
    {
        while (await _events!.ReadLineAsync() is { } line && line != Changed)
        {
            continue;
        }

        await ReadAsync("/console/fragments/queue");
    }

    public void Dispose()
    {
        _events?.Dispose();
        _http.Dispose();
    }

    private async Task ReadAsync(string path)
    {
        using var answer = await _http.GetAsync(path);
        answer.EnsureSuccessStatusCode();
        await answer.Content.CopyToAsync(Stream.Null);
    }
}
