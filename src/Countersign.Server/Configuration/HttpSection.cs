using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Gates.Http;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads how the HTTP gate reaches a target: <c>upstream</c>, <c>credentials</c>, <c>headers</c>, <c>openapi</c>,
/// <c>graphql</c>, <c>preview</c> and <c>status</c>.
/// </summary>
internal sealed class HttpSection(Section section)
{
    private readonly HttpCredentialsSection _credentials = new(section);

    public HttpSettings? Read(TargetName name, Fields fields)
    {
        if (fields.Find("upstream") is not { } node)
        {
            section.ComplainIfLacking(
                fields, "upstream", $"target '{name}' needs 'upstream': an address like https://billing.internal");
            return null;
        }

        if (UrlOf(node) is not { } upstream)
        {
            return null;
        }

        var operations = OperationsOf(fields);
        return _credentials.Read(fields, new HttpSettings(upstream)
        {
            Headers = HeadersOf(fields),
            Operations = operations,
            GraphQl = PathOf(fields, "graphql"),
            Previews = PreviewsOf(fields, operations),
            Status = StatusOf(fields),
        });
    }

    private Uri? UrlOf(YamlNode node)
    {
        if (WebAddress.Read(section, node, "upstream") is not { } url)
        {
            return null;
        }

        if (url.UserInfo.Length > 0)
        {
            section.Complain(node, "a name or password in 'upstream' is never sent; use 'credentials' of the target");
        }

        if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            section.Complain(node, "'upstream' is where paths begin; a query or fragment in it is never sent");
        }

        return url;
    }

    private ImmutableHashSet<string> HeadersOf(Fields fields)
    {
        var headers = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var item in section.Items(fields, "headers"))
        {
            if (Values.Text(item, "an item of headers", section.Errors) is not { } text)
            {
                continue;
            }

            if (HttpHeaders.WhyNever(text.Text) is { } whyNever)
            {
                section.Complain(item, whyNever);
            }
            else
            {
                headers.Add(text.Text.ToLowerInvariant());
            }
        }

        return headers.ToImmutable();
    }

    private OperationMap? OperationsOf(Fields fields)
    {
        if (fields.Find("openapi") is not { } node || Values.Text(node, "openapi", section.Errors) is not { } file)
        {
            return null;
        }

        try
        {
            return OperationMap.Read(OpenApiFile.Read(section.FilePath(file.Text)));
        }
        catch (Exception unusable) when (unusable is FormatException or IOException or UnauthorizedAccessException)
        {
            section.Complain(node, $"the OpenAPI document '{file.Text}' cannot be used: {unusable.Message}");
            return null;
        }
    }

    /// <summary>
    /// Naming a path here is the operator's word that the target remembers the keys of requests, and that a GET of it
    /// changes nothing.
    /// </summary>
    private string? StatusOf(Fields fields)
    {
        if (fields.Find("status") is not { } node || Values.Text(node, "status", section.Errors) is not { } text)
        {
            return null;
        }

        var path = text.Text.StartsWith("GET ", StringComparison.Ordinal) ? text.Text["GET ".Length..] : text.Text;
        if (path.Split(HttpStatusQuery.Variable).Length == 2
            && HttpPath.TryRead(HttpStatusQuery.PathOf(path, "key"), out _, out _))
        {
            return path;
        }

        section.Complain(
            node, $"status is a GET of a path with one {HttpStatusQuery.Variable} in it, like GET /requests/" +
            HttpStatusQuery.Variable);
        return null;
    }

    private string? PathOf(Fields fields, string key)
    {
        if (fields.Find(key) is not { } node || Values.Text(node, key, section.Errors) is not { } text)
        {
            return null;
        }

        if (!HttpPath.TryRead(text.Text, out var path, out var whyNot))
        {
            section.Complain(node, $"{key} is a path like /graphql: {whyNot}");
            return null;
        }

        return path.Text;
    }

    /// <summary>
    /// Naming a path here is the operator's word that a GET of it changes nothing: it is sent before anybody decided.
    /// </summary>
    private ImmutableDictionary<string, string> PreviewsOf(Fields fields, OperationMap? operations)
    {
        var previews = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (fields.Find("preview") is not { } node)
        {
            return previews.ToImmutable();
        }

        if (node is not YamlNode.Mapping mapping)
        {
            section.Complain(
                node, $"preview is a mapping from requests to the paths that show what they change, not {node.Kind}");
            return previews.ToImmutable();
        }

        foreach (var (of, value) in mapping.Members)
        {
            if (Values.Text(value, $"the preview of '{of.Text}'", section.Errors) is { } by
                && CheckedOf(of, operations) && CheckedBy(of, by, operations) is { } path)
            {
                previews[of.Text] = path;
            }
        }

        return previews.ToImmutable();
    }

    private bool CheckedOf(YamlNode.Scalar of, OperationMap? operations)
    {
        var space = of.Text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0)
        {
            return operations?.All.Any(operation => operation.Id == of.Text) == true || section.Complain(
                of,
                $"'{of.Text}' is no operation of the OpenAPI document; write its operationId, or a method and a path "
                + "like DELETE /customers/{id}");
        }

        return HttpCall.WhyNoMethod(of.Text[..space]) is null && TemplateOf(of.Text[(space + 1)..]) is not null
            || section.Complain(of, $"'{of.Text}' is no method and path like DELETE /customers/{{id}}");
    }

    private string? CheckedBy(YamlNode.Scalar of, YamlNode.Scalar by, OperationMap? operations)
    {
        var path = by.Text.StartsWith("GET ", StringComparison.Ordinal) ? by.Text["GET ".Length..] : by.Text;
        if (TemplateOf(path) is not { } template)
        {
            section.Complain(by, $"the preview of '{of.Text}' is a GET of a path like GET /customers/{{id}}");
            return null;
        }

        var text = operations?.All.FirstOrDefault(operation => operation.Id == of.Text)?.Template
            ?? of.Text[(of.Text.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        var known = TemplateOf(text)?.Segments.SelectMany(segment => segment.Variables).ToHashSet() ?? [];
        if (template.Segments.SelectMany(segment => segment.Variables).FirstOrDefault(each => !known.Contains(each))
            is { } missing)
        {
            section.Complain(
                by, $"the preview of '{of.Text}' has a variable '{missing}' which that request does not have");
            return null;
        }

        return path;
    }

    private static PathTemplate? TemplateOf(string text)
    {
        try
        {
            return PathTemplate.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
