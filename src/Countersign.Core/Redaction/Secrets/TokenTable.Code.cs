namespace Countersign.Core.Redaction.Secrets;

/// <summary>Where code is kept, built, published and checked; and where messages are sent.</summary>
internal static partial class TokenTable
{
    private const string Code =
        """
        github-token ghp_ {w36}
        github-oauth-token gho_ {w36}
        github-user-token ghu_ {w36}
        github-server-token ghs_ {w36}
        github-refresh-token ghr_ {w36-76}
        github-fine-grained-token github_pat_ {w22}_{w59}
        gitlab-token glpat- {n20}
        gitlab-routable-token glpat- {n27-300}.{l9}
        gitlab-deploy-token gldt- {n20}
        gitlab-trigger-token glptt- {h40}
        gitlab-feed-token glft- {n20}
        gitlab-incoming-mail-token glimt- {n25}
        gitlab-agent-token glagent- {n50}
        gitlab-oauth-secret gloas- {h64}
        gitlab-runner-token glrt- {n20}
        gitlab-scim-token glsoat- {n20}
        gitlab-feature-token glffct- {n20}
        gitlab-registration-token GR1348941 {n20}
        gitlab-job-token glcbt- {w1-5}_{n20}
        bitbucket-app-password ATBB {w32}
        bitbucket-repository-token ATCTT3 {p180-200}
        atlassian-token ATATT3 {p180-200}
        trello-token ATTA {h64}
        circleci-personal-token CCIPAT_ {w22}_{h40}
        circleci-project-token CCIPRJ_ {w22}_{h40}
        buildkite-user-token bkua_ {h40}
        sonarqube-user-token squ_ {h40}
        sonarqube-project-token sqp_ {h40}
        sonarqube-analysis-token sqa_ {h40}
        sourcegraph-token sgp_ {h16}_{h40}
        sourcegraph-old-token sgp_ {h40}
        harness-token pat. {n22}.{h24}.{w20}
        octopus-key API- {u26}
        repository-manager-key AKCp {w69}
        repository-manager-token cmVmd {w59}
        dependency-track-key odt_ {w8}_{w32}
        npm-token npm_ {w36}
        pypi-token pypi-AgEIcHlwaS5vcmc {n50+}
        testpypi-token pypi-AgENdGVzdC5weXBpLm9yZw {n50+}
        rubygems-key rubygems_ {h48}
        nuget-key oy2 {l43}
        crates-token cio {w32}
        clojars-token CLOJARS_ {h60}
        docker-token dckr_pat_ {n27}
        docker-organization-token dckr_oat_ {n32}
        deno-token ddp_|ddw_ {w36}
        chromatic-token chpt_ {h15}
        launchdarkly-key api-|sdk-|mob- {h8}-{h4}-{h4}-{h4}-{h12}
        postman-key PMAK- {h24}-{h34}
        postman-collection-key PMAT- {u26}
        readme-key rdme_ {l70}
        wakatime-key waka_ {h8}-{h4}-{h4}-{h4}-{h12}
        slack-bot-token xoxb- {d10-13}-{d10-13}-{w24}
        slack-user-token xoxp- {d10-13}-{d10-13}-{d10-13}-{w28-34}
        slack-workspace-token xoxa-2-|xoxr- {w8-60}
        slack-session-token xoxs-|xoxo- {d8-13}-{d8-13}-{d8-13}-{h10-64}
        slack-cookie-token xoxc- {d10-13}-{d10-13}-{d10-13}-{h64}
        slack-refresh-token xoxe-1- {w146}
        slack-configuration-token xoxe.xoxp-1-|xoxe.xoxb-1- {w160-170}
        slack-app-token xapp-1- {u9-13}-{d10-16}-{h64}
        slack-webhook hooks.slack.com/services/ {u9-13}/{u9-13}/{w24}
        slack-workflow-webhook hooks.slack.com/workflows/ {u9-13}/{u9-13}/{d15-20}/{w24}
        discord-webhook discord.com/api/webhooks/|discordapp.com/api/webhooks/ {d17-20}/{n60-80}
        discord-bot-token MT|Mj|Mz|ND|NT|Nj|Nz|OD|OT {w22-24}.{n6}.{n27-38}
        telegram-bot-token AAE|AAF|AAG|AAH {n32}
        twilio-key SK {h32}
        sendgrid-key SG. {n22}.{n43}
        mailgun-key key- {h32}
        mailgun-public-key pubkey- {h32}
        mandrill-key md- {n22}
        brevo-key xkeysib- {h64}-{w16}
        brevo-smtp-key xsmtpsib- {h64}-{w16}
        resend-key re_ {w8}_{w24}
        mailersend-key mlsn. {h64}
        onesignal-key os_v2_app_|os_v2_org_ {l103}
        intercom-token dG9rO {b55-80}

        """;
}
