import { otherAccountSources, parseGroup, parseNsswitch, parsePasswd } from '../parse/accounts.ts';
import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'accounts',
  after: [],
  collect: async (view) => {
    const text = async (path: string) => (await view.readText(path)) ?? '';
    const others = otherAccountSources(parseNsswitch(await text('/etc/nsswitch.conf')));
    // Image-based systems keep the distribution's own accounts in files apart (nss-altfiles).
    const passwd = others.includes('altfiles') ? ['/etc/passwd', '/usr/lib/passwd'] : ['/etc/passwd'];
    const group = others.includes('altfiles') ? ['/etc/group', '/usr/lib/group'] : ['/etc/group'];
    return {
      users: (await Promise.all(passwd.map(text))).flatMap(parsePasswd),
      groups: (await Promise.all(group.map(text))).flatMap(parseGroup),
      otherSources: others.filter((source) => source !== 'altfiles'),
    };
  },
});
