using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Countersign.Client;

/// <summary>One request to the API and its answer: an action, or a problem.</summary>
internal sealed class Wire(HttpClient http, CountersignOptions options)
{
    /// <summary>Largest answer that is read, in bytes: a result and everything around it.</summary>
    private const long MaxAnswer = 32 * 1024 * 1024;

    /// <summary>What a problem says that means: nothing happened, or a later read says what did. Try again.</summary>
    private const string Unavailable = "unavailable";

    /// <summary>How often a request is sent whose repetition is safe, before its failure is the caller's.</summary>
    private const int MostTries = 4;

    public async Task<WireAnswer> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = RequestFor(method, path);
        return await SendAsync(request, cancellationToken);
    }

    public async Task<WireAnswer> PostAsync<T>(
        string path, T body, JsonTypeInfo<T> type, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = RequestFor(HttpMethod.Post, path);
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return await SendAsync(request, cancellationToken);
    }

    /// <summary>Sends again, after a pause, what the server could not answer; only for what may be repeated.</summary>
    /// <returns>The answer, and whether an earlier try may have arrived.</returns>
    public async Task<(WireAnswer Answer, bool WasRepeated)> InsistAsync(
        Func<Task<WireAnswer>> send, CancellationToken cancellationToken)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                var answer = await send();
                if (answer is not WireAnswer.OfProblem { Problem.Slug: Unavailable } || tried == MostTries)
                {
                    return (answer, tried > 1);
                }
            }
            catch (HttpRequestException) when (tried < MostTries)
            {
                // The answer got lost, or the request did; both are asked again.
            }

            await Task.Delay(options.Pause, options.Time, cancellationToken);
        }
    }

    /// <summary>Reads an action, or nothing when the server cannot answer just now.</summary>
    public async Task<AskedAction?> TryReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, path, cancellationToken) switch
            {
                WireAnswer.OfAction { Action: var action } => action,
                WireAnswer.OfProblem { Problem.Slug: Unavailable } => null,
                WireAnswer.OfProblem { Problem: var problem } => throw new CountersignException(problem),
                _ => throw new UnreachableException(),
            };
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private HttpRequestMessage RequestFor(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(options.Address, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Token);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return request;
    }

    private async Task<WireAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await response.Content.LoadIntoBufferAsync(MaxAnswer, cancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted
                && JsonSerializer.Deserialize(bytes, ClientJson.Default.AskedAction) is { } action)
            {
                return new WireAnswer.OfAction(action);
            }

            if (!response.IsSuccessStatusCode
                && JsonSerializer.Deserialize(bytes, ClientJson.Default.Problem) is { } problem)
            {
                return new WireAnswer.OfProblem(problem);
            }
        }
        catch (JsonException malformed)
        {
            throw NotOurs(response, malformed);
        }

        throw NotOurs(response, cause: null);
    }

    private CountersignException NotOurs(HttpResponseMessage response, Exception? cause)
    {
        var text = $"{options.Address} answered {(int)response.StatusCode} with something that is no answer of " +
            "Countersign's API. Is this the server's address, or does a proxy stand in between?";
        return cause is null ? new CountersignException(text) : new CountersignException(text, cause);
    }
}

/// <summary>What the server answered.</summary>
internal abstract record WireAnswer
{
    private WireAnswer()
    {
    }

    public sealed record OfAction(AskedAction Action) : WireAnswer;

    public sealed record OfProblem(Problem Problem) : WireAnswer;
}
